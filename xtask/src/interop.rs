//! Programs of other people that the interop tests and the bench run against.

use std::fs;

use crate::run::{Failure, Outcome, command, read, repository, run};
use crate::tools;

/// SimpleSAMLphp's program is used as it comes out of its package; installing it would start a web server.
const SIMPLESAMLPHP: &str = "simplesamlphp";

/// So is etcd, the store that replicas share.
const ETCD: &str = "etcd-server";

/// Other service providers, and the programs that ask them.
const SECOND_OPINIONS: &str = "testbed/tests/interop/second_opinions";

/// Programs that sign, for our verifier. Those in JavaScript and PHP come with the others.
const SIGNERS: &str = "testbed/tests/interop/signers";

/// SCIM services that our target provisions.
const SCIM_SERVERS: &str = "testbed/scim_servers";

/// Schemas that the examples are checked against.
const MANIFESTS: &str = "testbed/tests/manifests";

/// Installs everything the interop tests need.
pub(crate) fn install() -> Outcome {
    tools::debian(&[
        "chromium",
        "chromium-driver",
        "openssl",
        "php-cli",
        "php-mbstring",
        "php-xml",
        "python3-venv",
        "xmlsec1",
    ])?;
    unpacked(SIMPLESAMLPHP, "usr/share/simplesamlphp/www/module.php")?;
    unpacked(ETCD, "usr/bin/etcd")?;
    let pinned = [
        requirements("envoy/e2e/pysaml2")?,
        requirements("envoy/e2e/radicale")?,
        requirements(SECOND_OPINIONS)?,
        requirements(SIGNERS)?,
        requirements(SCIM_SERVERS)?,
        requirements(MANIFESTS)?,
    ]
    .concat();
    tools::python(&pinned.iter().map(String::as_str).collect::<Vec<_>>())?;
    tools::npm("npm", &repository().join(SECOND_OPINIONS))?;
    tools::npm("npm-scim", &repository().join(SCIM_SERVERS))?;
    tools::npm("npm-manifests", &repository().join(MANIFESTS))?;
    Ok(())
}

/// What makes the load of the bench.
pub(crate) fn load() -> Outcome {
    tools::debian(&["wrk"])
}

/// The lines of the `requirements.txt` in `folder`.
fn requirements(folder: &str) -> Outcome<Vec<String>> {
    let file = repository().join(folder).join("requirements.txt");
    Ok(fs::read_to_string(file)?.lines().map(|line| line.trim().to_owned()).collect())
}

/// Unpacks Debian's `package` below `.cache/`, unless `probe` is there.
fn unpacked(package: &str, probe: &str) -> Outcome {
    let folder = repository().join(".cache").join(package);
    if folder.join(probe).is_file() {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    let mut download = command("apt-get", &["download", "-q", package]);
    download.current_dir(&folder);
    if run(&mut download).is_err() {
        // On a new machine apt does not know its packages yet.
        run(&mut command("apt-get", &["update", "-q"]))?;
        run(&mut download)?;
    }
    let archive = fs::read_dir(&folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(|| Failure::new(format!("apt-get left no package in {}", folder.display())))?;
    read(command("dpkg-deb", &["--extract"]).arg(&archive).arg(&folder))?;
    Ok(fs::remove_file(&archive)?)
}
