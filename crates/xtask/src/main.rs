//! The command line of the house's own tools: `tidy`, `gen [--check]` and `attack`.

use std::process::ExitCode;

use sigyn_xtask::{Workspace, attack, generate, tidy};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy          check what the compiler cannot: layers, sizes, licences, texts
  gen           write the generated pages under docs/
  gen --check   say which generated pages are stale, write nothing
  attack FILE [VERSION]
                bundle MITRE's enterprise-attack.json; VERSION if the file does not say it";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = Workspace::load().and_then(|workspace| match args[..] {
        ["tidy"] => tidy::complaints(&workspace),
        ["gen"] => generate::write(&workspace).map(|()| Vec::new()),
        ["gen", "--check"] => generate::stale(&workspace),
        ["attack", file] => attack::bundle(&workspace, file.as_ref(), None).map(|()| Vec::new()),
        ["attack", file, version] => {
            attack::bundle(&workspace, file.as_ref(), Some(version)).map(|()| Vec::new())
        }
        _ => anyhow::bail!("{USAGE}"),
    });
    match outcome {
        Ok(complaints) if complaints.is_empty() => ExitCode::SUCCESS,
        Ok(complaints) => {
            for complaint in &complaints {
                eprintln!("{complaint}");
            }
            eprintln!("{} complaint(s)", complaints.len());
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}
