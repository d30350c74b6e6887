//! The child process: what the hidden subcommand runs.
//!
//! It may not outlive its parent. The kernel kills it when the thread that started it ends, and a
//! thread of its own does so when standard input, a pipe of the parent, closes. Dying at once is
//! safe: an INSERT is on disk before it is confirmed, and the engine holds nothing else.
//!
//! Signals that ask for an end are not for it: who stops a service often sends them to all of its
//! processes, and the service needs the engine for its last flush. The parent closes the pipe.
//!
//! Arguments: the parent's process id, `library` or `binary`, the file, then those of
//! `clickhouse local`.

use std::ffi::{CString, OsString, c_char, c_int, c_void};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::ptr;
use std::thread;

use rustix::process::{
    Resource, Rlimit, Signal, getpid, getppid, kill_process, set_parent_process_death_signal,
    setrlimit,
};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

/// Word for a library among the arguments.
pub(super) const LIBRARY: &str = "library";
/// Word for an executable among the arguments.
pub(super) const BINARY: &str = "binary";

/// The library's entry: runs the command line and gives a result, which we never look at because
/// the process ends with it.
type CommandLine = unsafe extern "C" fn(argc: c_int, argv: *mut *mut c_char) -> *mut c_void;

/// Why the engine did not run or stopped running.
#[derive(Debug, Error)]
enum ChildError {
    #[error("this command is for the service itself: it is given a parent, a kind and a file")]
    Arguments,
    #[error("the parent is gone")]
    Orphan,
    #[error("cannot tie the engine to its parent: {0}")]
    Tie(io::Error),
    #[error("cannot leave signals to the parent: {0}")]
    Signals(io::Error),
    #[error("cannot run {0}: {1}")]
    Exec(String, io::Error),
    #[error("cannot load the engine: {0}; run `make build` to fetch it again")]
    Load(#[from] libloading::Error),
    #[error("the engine ended by itself")]
    Ended,
}

/// Runs the engine until its parent goes away or ends it. `args` are those after the subcommand.
/// Returns only if the engine could not run or ended by itself; why goes to standard error.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let error = match start(args) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    // Nothing to do if even standard error is closed.
    let _ = writeln!(io::stderr(), "engine: {error}");
    ExitCode::FAILURE
}

fn start(args: impl IntoIterator<Item = OsString>) -> Result<std::convert::Infallible, ChildError> {
    let mut args = args.into_iter();
    let mut next = || args.next().ok_or(ChildError::Arguments);
    let (parent, kind, file) = (next()?, next()?, next()?);
    tie_to_parent(&parent)?;
    limit_harm();
    match kind.to_str() {
        Some(LIBRARY) => {
            end_with_stdin()?;
            outlast_signals()?;
            load_and_run(Path::new(&file), args)?;
            Err(ChildError::Ended)
        }
        Some(BINARY) => {
            let error = Command::new(&file).arg("local").args(args).exec();
            Err(ChildError::Exec(file.to_string_lossy().into_owned(), error))
        }
        _ => Err(ChildError::Arguments),
    }
}

/// Has the kernel kill this process when its parent ends, and checks that it has not already.
fn tie_to_parent(parent: &OsString) -> Result<(), ChildError> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| ChildError::Tie(error.into()))?;
    let expected = parent
        .to_str()
        .and_then(|digits| digits.parse::<i32>().ok());
    let actual = getppid().map(|pid| pid.as_raw_nonzero().get());
    match (expected, actual) {
        (None, _) => Err(ChildError::Arguments),
        (expected, actual) if expected == actual => Ok(()),
        _ => Err(ChildError::Orphan),
    }
}

/// No core dumps, which would hold rows; and when memory runs out the engine goes before the
/// service, which can do without it for a while. Both are only precautions.
fn limit_harm() {
    let _ = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
}

/// Ends this process when standard input closes. By a signal: leaving through `exit` would run the
/// library's destructors under its running threads.
fn end_with_stdin() -> Result<(), ChildError> {
    let watch = || {
        let mut byte = [0];
        while io::stdin().read(&mut byte).is_ok_and(|count| count > 0) {}
        let _ = kill_process(getpid(), Signal::KILL);
    };
    thread::Builder::new()
        .name("parent".to_owned())
        .spawn(watch)
        .map_err(ChildError::Tie)?;
    Ok(())
}

/// Has requests to end swallowed. The handlers stay when the runtime that installed them is gone.
fn outlast_signals() -> Result<(), ChildError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    let runtime = runtime.map_err(ChildError::Signals)?;
    let _inside = runtime.enter();
    for kind in [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ] {
        drop(signal(kind).map_err(ChildError::Signals)?);
    }
    Ok(())
}

/// Loads the library and runs its command line. Returns when that ends.
fn load_and_run(file: &Path, args: impl Iterator<Item = OsString>) -> Result<(), ChildError> {
    let words = [OsString::from("clickhouse")].into_iter().chain(args);
    let words = words.map(|word| CString::new(word.into_vec()));
    let words = words
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| ChildError::Arguments)?;
    let mut argv: Vec<*mut c_char> = words.into_iter().map(CString::into_raw).collect();
    let argc = c_int::try_from(argv.len()).map_err(|_| ChildError::Arguments)?;
    argv.push(ptr::null_mut());
    call(file, argc, &mut argv)
}

#[expect(
    unsafe_code,
    reason = "loading a foreign library and calling into it cannot be checked"
)]
fn call(file: &Path, argc: c_int, argv: &mut [*mut c_char]) -> Result<(), ChildError> {
    // SAFETY: the file is the engine's library, named by whoever installed or configured this
    // service; its initialisers run on load and rely on nothing of ours.
    let library = unsafe { libloading::Library::new(file) }?;
    // SAFETY: `chdb_query_cmdline` is declared as `chdb_result *(int argc, char **argv)` in the
    // library's header; `CommandLine` is that, the result being opaque.
    let command_line = unsafe { library.get::<CommandLine>(b"chdb_query_cmdline\0") }?;
    // SAFETY: `argv` holds `argc` pointers to C strings and a null after them, as for `main`. They
    // came from `CString::into_raw` and are never freed, so they outlive the call, which may write
    // to them. The library stays loaded during the call.
    let _result = unsafe { command_line(argc, argv.as_mut_ptr()) };
    // Its threads may still run its code, so it is not unloaded before the process ends.
    std::mem::forget(library);
    Ok(())
}
