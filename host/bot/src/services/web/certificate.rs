//! Until when the certificate of a service is valid. That it is valid now, and the service's, was seen when the connection was made.

use reqwest::tls::TlsInfo;
use witbot_core::ids::UnixMillis;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// None: the connection has no TLS, or the certificate no end that can be read.
pub fn expires(response: &reqwest::Response) -> Option<UnixMillis> {
    let info = response.extensions().get::<TlsInfo>()?;
    end(info.peer_certificate()?)
}

fn end(certificate: &[u8]) -> Option<UnixMillis> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate().validity().not_after;
    let end = end.to_unix_duration().as_millis();
    u64::try_from(end).ok().map(UnixMillis)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Made by `openssl req -x509`, until 2036-11-20 20:46:24 UTC.
    const CERTIFICATE: [&str; 5] = [
        "MIIBbTCCAROgAwIBAgIUNA0MF6FCNm4fivIvAsKqLRJLUv4wCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAeFw0yNjExMjMyMDQ2",
        "MjRaFw0zNjExMjAyMDQ2MjRaMAwxCjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR6k+HspuuUnW07EEdtimo1",
        "dZglNtntUWWyWQxb0Mj2M2DtNVwdCWDIdPY6pP+uAdC54IgKEjdRHp75qTMUwnrdo1MwUTAdBgNVHQ4EFgQU7zsrjEPa2uVNG9J6",
        "tu97DMwQ32UwHwYDVR0jBBgwFoAU7zsrjEPa2uVNG9J6tu97DMwQ32UwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBF",
        "AiEA0qvS7UT/hY00GlrTCspKxnUkTMhep4VDAF76OSOi+ZgCIGG6N3oNMCFh+pEmSyBApjlBVDJDUKu6zvUsAmJW1i9Q",
    ];

    #[test]
    fn the_end_of_a_certificate_is_read() {
        let certificate = STANDARD.decode(CERTIFICATE.concat()).unwrap();
        assert_eq!(end(&certificate), Some(UnixMillis(2_110_826_784_000)));
        assert_eq!(end(&certificate[1..]), None);
        assert_eq!(end(b""), None);
    }
}
