//! Weak algorithms have one way in, and it is called by its name.

use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::CipherPolicy;

fn main() {
    let _ = AlgorithmPolicy { sha1: true };
    let _ = CipherPolicy { cbc: true };
}
