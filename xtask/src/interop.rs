//! Programs of other people that the interop tests and the bench run against.

use std::fs;

use crate::run::{Failure, Outcome, command, read, repository, run};
use crate::tools;

/// SimpleSAMLphp's program is used as it comes out of its package; installing it would start a web server.
const SIMPLESAMLPHP: &str = "simplesamlphp";

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
    simplesamlphp()?;
    let pinned = [requirement("pysaml2")?, requirement("radicale")?];
    tools::python(&pinned.each_ref().map(String::as_str))?;
    Ok(())
}

/// What makes the load of the bench.
pub(crate) fn load() -> Outcome {
    tools::debian(&["wrk"])
}

/// The one line of a case's `requirements.txt`.
fn requirement(case: &str) -> Outcome<String> {
    let file = repository().join("envoy/e2e").join(case).join("requirements.txt");
    Ok(fs::read_to_string(file)?.trim().to_owned())
}

/// Unpacks Debian's package below `.cache/`.
fn simplesamlphp() -> Outcome {
    let folder = repository().join(".cache").join(SIMPLESAMLPHP);
    if folder.join("usr/share/simplesamlphp/www/module.php").is_file() {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    let mut download = command("apt-get", &["download", "-q", SIMPLESAMLPHP]);
    download.current_dir(&folder);
    if run(&mut download).is_err() {
        // On a new machine apt does not know its packages yet.
        run(&mut command("apt-get", &["update", "-q"]))?;
        run(&mut download)?;
    }
    let package = fs::read_dir(&folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(|| Failure::new(format!("apt-get left no package in {}", folder.display())))?;
    read(command("dpkg-deb", &["--extract"]).arg(&package).arg(&folder))?;
    Ok(fs::remove_file(&package)?)
}
