//! Documents signed by signxml, pysaml2, xml-crypto and SimpleSAMLphp: tests/vectors/signers, made by
//! tests/vectors/generate/signers.sh. What xmlsec1 signed is in tests/vectors/signature and tests/vectors/interop.
#![allow(clippy::print_stdout, reason = "the counts, with --nocapture")]

#[path = "support/signed_documents.rs"]
mod signed_documents;

use std::path::Path;

#[test]
fn what_other_programs_signed_verifies_as_what_it_was() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = root.join("tests/vectors/signers");
    let unsigned = vectors.join("unsigned");
    for (signer, of_ours, least) in
        [("signxml", true, 11), ("xml_crypto", true, 8), ("simplesamlphp", true, 7), ("pysaml2", false, 9)]
    {
        let folder = vectors.join(signer);
        let count = signed_documents::verify_all(root, &folder, of_ours.then_some(unsigned.as_path()));
        assert!(count >= least, "{signer}: only {count} documents");
        println!("{signer}: {count} documents verify");
    }
}
