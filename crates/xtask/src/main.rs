//! The command line of the house's own tools: `cargo xtask tidy` and `cargo xtask gen [--check]`.

use std::process::ExitCode;

use sigyn_xtask::{Workspace, generate, tidy};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy          check what the compiler cannot: layers, sizes, licences, texts
  gen           write the generated pages under docs/
  gen --check   say which generated pages are stale, write nothing";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = Workspace::load().and_then(|workspace| match args[..] {
        ["tidy"] => tidy::complaints(&workspace),
        ["gen"] => generate::write(&workspace).map(|()| Vec::new()),
        ["gen", "--check"] => generate::stale(&workspace),
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
