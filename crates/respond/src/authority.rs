//! Certificate authorities of one's own: PEM as people paste it, taken apart and judged before it is kept.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::Refusal;

/// Bytes of the text at most, and certificates in it.
const BYTES_MAX: usize = 64 * 1_024;
const COUNT_MAX: usize = 20;

/// The certificates of a PEM text, as DER. Whether they are any good as authorities is seen when somebody shows a
/// certificate that they should vouch for.
///
/// # Errors
/// What is wrong with the text: nothing in it, too much, something broken, or a private key, which has no business here.
pub fn parse(pem: &str) -> Result<Vec<Vec<u8>>, Refusal> {
    if pem.len() > BYTES_MAX {
        return Err(format!("authorities of more than {} KiB", BYTES_MAX >> 10));
    }
    if pem.contains("PRIVATE KEY-----") {
        return Err("that holds a private key: give the authority's certificate alone".to_owned());
    }
    let found: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .map(|certificate| certificate.map(|it| it.as_ref().to_vec()))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the authorities are not PEM: {error:?}"))?;
    match found.len() {
        0 => {
            Err("the authorities hold no certificate: it begins with `-----BEGIN CERTIFICATE-----`"
                .to_owned())
        }
        count if count > COUNT_MAX => Err(format!("more than {COUNT_MAX} authorities")),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        const ONE: &str = "-----BEGIN CERTIFICATE-----\nAAECAwQF\n-----END CERTIFICATE-----\n";
        let check = |pem: &str, expect: Result<usize, &str>| {
            let got = parse(pem).map(|found| found.len());
            match expect {
                Ok(count) => assert_eq!(got, Ok(count), "{pem}"),
                Err(why) => assert!(got.as_ref().is_err_and(|said| said.contains(why)), "{pem}: {got:?}"),
            }
        };
        check(ONE, Ok(1));
        check(&format!("Subject: somebody\n{ONE}{ONE}"), Ok(2));
        check("", Err("no certificate"));
        check("example.org", Err("no certificate"));
        check("-----BEGIN CERTIFICATE-----\nAAEC", Err("not PEM"));
        check("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", Err("not PEM"));
        check(
            &format!("{ONE}-----BEGIN PRIVATE KEY-----\nAAEC\n-----END PRIVATE KEY-----"),
            Err("private key"),
        );
        check(&ONE.repeat(21), Err("more than 20"));
        check(&" ".repeat(70_000), Err("64 KiB"));
    }
}
