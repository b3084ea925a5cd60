//! What the system knows of this process, as far as it is Linux and says so. The names are those of Prometheus' own clients.

use std::fs;

/// What the system says.
#[derive(Debug, Default, PartialEq)]
pub struct Process {
    /// Computing time since the start, of all threads.
    pub cpu_seconds: Option<f64>,
    /// Memory that is in use.
    pub resident_bytes: Option<u64>,
    /// Address space, of which the pool of instances takes a lot.
    pub virtual_bytes: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Files, sockets and the like.
    pub open_files: Option<u64>,
    /// How many there may be.
    pub open_files_max: Option<u64>,
}

impl Process {
    /// As it is now. Reads a few small files that are no files on a disk.
    pub fn now() -> Process {
        let read =
            |file: &str| fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
        let files = fs::read_dir("/proc/self/fd").map(|files| files.count() as u64);
        Process {
            cpu_seconds: cpu_seconds(&read("stat")),
            open_files: files.ok(),
            open_files_max: open_files_max(&read("limits")),
            ..of_status(&read("status"))
        }
    }
}

fn of_status(status: &str) -> Process {
    let field = |name: &str| {
        let mut lines = status.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    };
    let number = |name| field(name)?.trim().parse::<u64>().ok();
    let bytes = |name| {
        let kib = field(name)?.trim().strip_suffix(" kB")?.parse::<u64>();
        Some(kib.ok()? * 1024)
    };
    Process {
        resident_bytes: bytes("VmRSS"),
        virtual_bytes: bytes("VmSize"),
        threads: number("Threads"),
        ..Process::default()
    }
}

/// `utime` and `stime`, the 14th and 15th field: proc_pid_stat(5). The second is a name in brackets, which may have spaces
/// in it.
fn cpu_seconds(stat: &str) -> Option<f64> {
    /// `USER_HZ`, which is 100 on every architecture that witbot is built for, whatever the kernel ticks at.
    const TICKS_PER_SECOND: f64 = 100.0;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let mut ticks = || times.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
}

fn open_files_max(limits: &str) -> Option<u64> {
    let mut lines = limits.lines();
    let line = lines.find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_system_are_read_by_their_fields() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 12 0 3 0 1234 66 0 0 20 0 9 0 8 5 6";
        assert_eq!(cpu_seconds(stat), Some(13.0));
        assert_eq!(cpu_seconds(""), None);
        let status = "Name:\tx\nVmSize:\t    2048 kB\nVmRSS:\t       7 kB\nThreads:\t9\n";
        let read = of_status(status);
        assert_eq!(
            (read.virtual_bytes, read.resident_bytes, read.threads),
            (Some(2 << 20), Some(7 << 10), Some(9))
        );
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
            Max open files            1024                 4096                 files\n";
        assert_eq!(open_files_max(limits), Some(1024));
        assert_eq!(
            open_files_max("Max open files   unlimited unlimited files"),
            None
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_says_all_of_it() {
        let now = Process::now();
        assert!(
            now.cpu_seconds.is_some() && now.threads >= Some(1),
            "{now:?}"
        );
        assert!(
            now.resident_bytes > Some(1 << 20) && now.resident_bytes < now.virtual_bytes,
            "{now:?}"
        );
        assert!(now.open_files >= Some(3), "{now:?}");
    }
}
