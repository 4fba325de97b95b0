#!/usr/bin/env python3
"""Real clients against a real server: numbered events through kills of the server, or through a full disk.

    tests/clients/run.py [--sigyn PROGRAM] [--events N] [--full-disk] [CLIENT...]

Each event has a rule that matches it, so that its signal says that it was stored, and how often. A client that is not
there is skipped with a message. Programs are looked for on the PATH and below $SIGYN_CLIENTS (Debian packages unpacked with
`dpkg -x`), Python's `elasticsearch` where this runs, `@elastic/elasticsearch` in $SIGYN_CLIENTS_JS/node_modules.

Clients that are told of acknowledgements: what was acknowledged is stored once, with one signal. Syslog over TCP knows none:
what is missing there is said.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent
TOP = HERE.parent.parent
RULES = """\
title: Numbered document
id: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0051
logsource: {product: windows, category: process_creation}
detection:
  sel: {Image|endswith: '\\sh.exe'}
  condition: sel
level: low
---
title: Numbered line
id: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0052
logsource: {product: linux}
detection:
  words: [numbered-]
  condition: words
level: low
"""
BALLAST = 40 << 20
PATIENCE = 120


def port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def document(number):
    return json.dumps({
        "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": "host", "Image": "C:\\sh.exe", "User": f"u{number}", "CommandLine": "numbered é \u0000 end",
    })


def line(number):
    return f"numbered-{number} of many"


class Server:
    """`sigyn serve` on a folder, killed and started again at the same address."""

    def __init__(self, sigyn, folder, data):
        self.sigyn, self.folder, self.data = sigyn, folder, data
        self.port, self.syslog = port(), port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "rules").mkdir()
        (folder / "rules" / "numbered.yml").write_text(RULES)
        self.start()
        token = re.search(r"once: (\S+)", self.said).group(1)
        admin = {"token": token, "name": "tests", "password": "a long password"}
        cookie = self.post("/api/v1/setup", admin, {}).headers["set-cookie"].split(";")[0]
        wanted = {"name": "clients", "scopes": ["ingest", "read"]}
        made = json.load(self.post("/api/v1/keys", wanted, {"cookie": cookie, "x-sigyn-request": "1"}))
        self.key = made["encoded"]
        self.user, self.secret = base64.b64decode(self.key).decode().split(":", 1)

    def start(self):
        words = ["serve", "--listen", f"127.0.0.1:{self.port}", "--syslog", f"127.0.0.1:{self.syslog}"]
        words += ["--data", str(self.data), "-r", str(self.folder / "rules")]
        self.child = subprocess.Popen([self.sigyn, *words], stdout=subprocess.PIPE, text=True)
        self.said = ""
        for text in self.child.stdout:
            self.said += text
            if "once:" in text or ("in force" in text and (self.folder / "known").exists()):
                break
        (self.folder / "known").touch()

    def kill(self):
        self.child.kill()
        self.child.wait()

    def post(self, path, body, headers):
        headers = {"content-type": "application/json", **headers}
        return urllib.request.urlopen(urllib.request.Request(self.url + path, json.dumps(body).encode(), headers))

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"authorization": f"ApiKey {self.key}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def seen(self, is_line):
        """How often each number has a signal."""
        rule = "5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e005" + ("2" if is_line else "1")
        counts, cursor = {}, ""
        while True:
            page = json.loads(self.get(f"/api/v1/signals?limit=1000&rule={rule}{cursor}"))
            for signal in page["items"]:
                number = signal["user"]
                if is_line:
                    detail = self.get("/api/v1/signals/" + signal["id"])
                    number = re.search(r"numbered-(\d+)", detail).group(1)
                number = int(number.lstrip("u"))
                counts[number] = counts.get(number, 0) + 1
            if not page["next"]:
                return counts
            cursor = f"&cursor={page['next']}"

    def through(self):
        """Whether detection has seen all that is stored."""
        figures = dict(re.findall(r"^sigyn_(log_end|log_detected|detection_failed) (\d+)", self.get("/metrics"), re.M))
        return figures["log_end"] == figures["log_detected"] and figures["detection_failed"] == "0"


def find(name):
    unpacked = os.environ.get("SIGYN_CLIENTS", "")
    places = [os.environ["PATH"], "/usr/sbin", f"{unpacked}/usr/sbin", f"{unpacked}/usr/bin"]
    return shutil.which(name, path=os.pathsep.join(places))


def unpacked():
    """The environment for programs that were not installed."""
    root = os.environ.get("SIGYN_CLIENTS")
    folders = [str(path.parent) for path in pathlib.Path(root).rglob("lib*.so*")] if root else []
    paths = os.pathsep.join(dict.fromkeys(folders))
    return {**os.environ, "LD_LIBRARY_PATH": paths} if paths else dict(os.environ)


def modules(name, folder):
    """Where a program's modules are, if it was only unpacked."""
    root = os.environ.get("SIGYN_CLIENTS")
    found = next((path.parent for path in pathlib.Path(root).rglob(name)), None) if root else None
    return str(found or folder)


# Each client: `run(server, folder, numbers, progress)` sends and returns the numbers that were acknowledged; `is_there()`
# says what is missing, if something is.


class Curl:
    name, is_line = "curl", False

    def is_there(self):
        return find("curl")

    def run(self, server, folder, numbers, progress):
        acknowledged = set()
        for at in range(0, len(numbers), 50):
            some = numbers[at:at + 50]
            body = "".join(f'{{"create":{{"_index":"curl","_id":"{n}"}}}}\n{document(n)}\n' for n in some)
            words = ["curl", "-sS", "--fail", "--retry", "200", "--retry-all-errors", "--retry-delay", "1",
                     "-H", f"Authorization: ApiKey {server.key}", "-H", "Content-Type: application/x-ndjson",
                     "--data-binary", "@-", f"{server.url}/_bulk"]
            done = subprocess.run(words, input=body.encode(), capture_output=True)
            if done.returncode == 0 and json.loads(done.stdout)["items"]:
                acknowledged.update(some)
            progress(len(acknowledged))
        return acknowledged


class Python:
    name, is_line = "python elasticsearch", False

    def is_there(self):
        try:
            import elasticsearch
            return elasticsearch
        except ImportError:
            return None

    def run(self, server, folder, numbers, progress):
        from elasticsearch import ApiError, ConnectionError as Broken, Elasticsearch, helpers
        client = Elasticsearch(server.url, api_key=server.key, http_compress=True, max_retries=5,
                               retry_on_status=[429, 502, 503, 504], retry_on_timeout=True)
        acknowledged, left = set(), list(numbers)
        deadline = time.monotonic() + PATIENCE
        while left and time.monotonic() < deadline:
            actions = [{"_op_type": "create", "_index": "python", "_id": str(n), "_source": document(n)} for n in left[:100]]
            try:
                for is_done, item in helpers.streaming_bulk(client, actions, chunk_size=100, raise_on_error=False):
                    # 409: it was stored, and only the answer got lost.
                    if is_done or item["create"]["status"] == 409:
                        acknowledged.add(int(item["create"]["_id"]))
            except (ApiError, Broken):
                time.sleep(0.5)
            left = [n for n in left if n not in acknowledged]
            progress(len(acknowledged))
        return acknowledged


class JavaScript:
    name, is_line = "javascript @elastic/elasticsearch", False

    def is_there(self):
        folder = pathlib.Path(os.environ.get("SIGYN_CLIENTS_JS", "")) / "node_modules/@elastic/elasticsearch"
        return find("node") and folder.is_dir()

    def run(self, server, folder, numbers, progress):
        words = [find("node"), str(HERE / "bulk.mjs"), server.url, server.key]
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        acknowledged = set()

        def read():
            for text in child.stdout:
                acknowledged.add(int(text))
                progress(len(acknowledged))
        reader = threading.Thread(target=read)
        reader.start()
        for number in numbers:
            child.stdin.write(json.dumps([number, document(number)]) + "\n")
        child.stdin.close()
        child.wait()
        reader.join()
        return acknowledged


class Daemon:
    """A program that follows a file and sends what it finds there, as long as it takes."""

    def feed(self, folder, numbers, progress, text):
        with open(folder / "in.log", "a") as out:
            for at, number in enumerate(numbers):
                out.write(text(number) + "\n")
                if at % 20 == 19:
                    out.flush()
                    time.sleep(0.03)
                    progress(at)

    def keep(self, words, folder, server, numbers, progress, text):
        (folder / "in.log").touch()
        with open(folder / "client.log", "w") as out:
            child = subprocess.Popen(words, env=unpacked(), stdout=out, stderr=out)
        try:
            time.sleep(1)
            self.feed(folder, numbers, progress, text)
            # Until nothing more comes.
            last, since = -1, time.monotonic()
            while time.monotonic() - since < 25 and last < len(numbers):
                time.sleep(0.5)
                try:
                    now = len(server.seen(self.is_line))
                except (OSError, urllib.error.URLError):
                    continue
                if now != last:
                    last, since = now, time.monotonic()
        finally:
            child.terminate()
            child.wait()
        # It keeps what was not acknowledged: all of it has to arrive.
        return set(numbers)


class Rsyslog(Daemon):
    name, is_line = "rsyslog omelasticsearch", False
    templates = """\
template(name="document" type="string" string="%msg%")
template(name="id" type="string" string="%uuid%")
"""
    output = """\
action(type="omelasticsearch" server="127.0.0.1" serverport="@PORT@" usehttps="off" uid="@USER@" pwd="@SECRET@"
       template="document" searchIndex="rsyslog" searchType="" bulkmode="on" bulkid="id" dynbulkid="on" writeoperation="create"
       action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="LinkedList" queue.dequeueBatchSize="100"
       queue.timeoutEnqueue="600000")
"""
    # Without the last, rsyslog throws a message away every two seconds while its queue of a thousand is full: it never sent
    # what was missing here.
    text = staticmethod(document)

    def is_there(self):
        return find("rsyslogd")

    def run(self, server, folder, numbers, progress):
        output = self.output.replace("@PORT@", str(server.port)).replace("@SYSLOG@", str(server.syslog))
        output = output.replace("@USER@", server.user).replace("@SECRET@", server.secret)
        (folder / "rsyslog.conf").write_text(f"""\
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imfile" mode="polling" pollingInterval="1")
module(load="omelasticsearch")
{self.templates}
input(type="imfile" file="{folder}/in.log" tag="app" ruleset="out")
ruleset(name="out") {{
{output}}}
""")
        words = [find("rsyslogd"), "-n", "-f", f"{folder}/rsyslog.conf", "-i", f"{folder}/rsyslog.pid"]
        words += ["-M", modules("omelasticsearch.so", "/usr/lib/x86_64-linux-gnu/rsyslog")]
        return self.keep(words, folder, server, numbers, progress, self.text)


class RsyslogForward(Rsyslog):
    name, is_line = "rsyslog omfwd", True
    output = """\
action(type="omfwd" target="127.0.0.1" port="@SYSLOG@" protocol="tcp" tcp_framing="octet-counted"
       template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1" action.resumeInterval="1"
       queue.type="LinkedList")
"""
    text = staticmethod(line)


class SyslogNg(Daemon):
    name, is_line = "syslog-ng http", False
    output = r"""
destination out {
    http(url("http://127.0.0.1:@PORT@/_bulk") method("POST") user("@USER@") password("@SECRET@")
         headers("Content-Type: application/x-ndjson") delimiter("\n") body-suffix("\n")
         body("{\"create\":{\"_index\":\"syslog-ng\",\"_id\":\"${UNIQID}\"}}\n${MESSAGE}")
         batch-lines(100) batch-timeout(200) workers(1) retries(1000) time-reopen(1)
         response-action(429 => retry, 503 => retry));
};
"""
    text = staticmethod(document)

    def is_there(self):
        return find("syslog-ng")

    def run(self, server, folder, numbers, progress):
        output = self.output.replace("@PORT@", str(server.port)).replace("@SYSLOG@", str(server.syslog))
        output = output.replace("@USER@", server.user).replace("@SECRET@", server.secret)
        (folder / "syslog-ng.conf").write_text(f"""\
@version: 3.38
options {{ use-uniqid(yes); stats-freq(0); time-reopen(1); log-fifo-size(200000); log-msg-size(65536); }};
source in {{ file("{folder}/in.log" follow-freq(0.2) flags(no-parse)); }};
{output}
log {{ source(in); destination(out); flags(flow-control); }};
""")
        words = [find("syslog-ng"), "-F", "--no-caps", "-f", f"{folder}/syslog-ng.conf", "-R", f"{folder}/persist"]
        words += ["-c", f"{folder}/ctl", "-p", f"{folder}/pid"]
        words += ["--module-path", modules("libhttp.so", "/usr/lib/syslog-ng/3.38")]
        return self.keep(words, folder, server, numbers, progress, self.text)


class SyslogNgForward(SyslogNg):
    name, is_line = "syslog-ng syslog", True
    output = 'destination out { syslog("127.0.0.1" port(@SYSLOG@) transport("tcp")); };'
    text = staticmethod(line)


CLIENTS = [Curl(), Python(), JavaScript(), Rsyslog(), RsyslogForward(), SyslogNg(), SyslogNgForward()]


def disturb(server, ballast, reached, count, is_over):
    """Kills the server twice, or lets the disk run full and frees it, as the client gets on."""
    for share in (0.3, 0.6):
        while reached[0] < count * share and not is_over.is_set():
            time.sleep(0.01)
        if is_over.is_set():
            return
        if ballast:
            fill(ballast)
            time.sleep(4)
            ballast.unlink()
            return
        server.kill()
        time.sleep(1)
        server.start()


def fill(path):
    # Never the machine's own disk, whatever became of the mount.
    space = os.statvfs(path.parent)
    assert space.f_blocks * space.f_frsize < 1 << 30, f"{path.parent} is no small file system"
    with open(path, "wb", buffering=0) as out:
        for piece in (1 << 20, 1 << 12):
            try:
                while True:
                    out.write(b"x" * piece)
            except OSError:
                pass


def run(client, sigyn, count, is_full):
    with tempfile.TemporaryDirectory(prefix="sigyn-clients-") as folder:
        folder = pathlib.Path(folder)
        data = folder / "data"
        data.mkdir()
        if is_full and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", data]).returncode:
            print(f"skipped: {client.name} (no file system of its own can be mounted)")
            return True
        server = Server(sigyn, folder, data)
        try:
            reached, is_over = [0], threading.Event()
            ballast = data / "ballast" if is_full else None
            trouble = threading.Thread(target=disturb, args=(server, ballast, reached, count, is_over),
                                       daemon=True)
            trouble.start()

            def progress(number):
                reached[0] = number
            acknowledged = client.run(server, folder, list(range(count)), progress)
            is_over.set()
            trouble.join()
            start = time.monotonic()
            while not server.through() and time.monotonic() - start < PATIENCE:
                time.sleep(0.2)
            seen = server.seen(client.is_line)
        finally:
            server.kill()
            if is_full:
                subprocess.run(["umount", "-l", data])
        missing = sorted(acknowledged - seen.keys())
        twice = sorted(number for number, times in seen.items() if times > 1)
        # What is under way on a connection that breaks is lost to syslog: it is not acknowledged.
        allowed = count // 20 if client.is_line else 0
        is_good = not twice and len(missing) <= allowed and len(acknowledged) == count
        how = "a full disk" if is_full else "two kills"
        print(f"{'ok' if is_good else 'FAILED'}: {client.name} through {how}: {count} sent, {len(acknowledged)} acknowledged or kept, "
              f"{len(seen)} stored, {len(missing)} missing {missing[:5]}, {len(twice)} twice {twice[:5]}", flush=True)
        if not is_good and (folder / "client.log").exists():
            print((folder / "client.log").read_text()[-2000:])
        return is_good


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    built = [TOP / "target" / profile / "sigyn" for profile in ("release", "debug")]
    options.add_argument("--sigyn", default=next((path for path in built if path.exists()), "sigyn"))
    options.add_argument("--events", type=int, default=3000)
    options.add_argument("--full-disk", action="store_true")
    options.add_argument("clients", nargs="*", help="parts of their names; all if none is given")
    chosen = options.parse_args()
    is_good = True
    for client in CLIENTS:
        if chosen.clients and not any(part in client.name for part in chosen.clients):
            continue
        if not client.is_there():
            print(f"skipped: {client.name} (not there)")
            continue
        is_good &= run(client, chosen.sigyn, chosen.events, chosen.full_disk)
    sys.exit(0 if is_good else 1)


main()
