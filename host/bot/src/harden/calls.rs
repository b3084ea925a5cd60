//! Refuses system calls that a bot never makes and that attacks on the kernel, or on other processes, begin with: by seccomp
//! (seccomp(2)). They fail with `EPERM`, as they do for who may not make them.
//!
//! It is a list of what is refused and not of what is allowed: what libc, the store and the engine call changes with each
//! version, and a bot must not die of an update. The shipped service unit allows systemd's `@system-service` alone.

use std::collections::BTreeMap;

use anyhow::Context as _;
use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

/// Looking into other processes.
const PROCESSES: [c_long; 6] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
];

/// Parts of the kernel that few programs need and in which many holes have been found. With `io_uring` files are opened
/// past such a list as this is.
const KERNEL: [c_long; 12] = [
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_open_by_handle_at,
];

/// Other views of the file system.
const MOUNTS: [c_long; 15] = [
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
];

/// What is the machine's.
const MACHINE: [c_long; 17] = [
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_vhangup,
];

/// Ports and segments of the processor.
#[cfg(target_arch = "x86_64")]
const PROCESSOR: [c_long; 3] = [libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt];
#[cfg(not(target_arch = "x86_64"))]
const PROCESSOR: [c_long; 0] = [];

/// Kinds of sockets that there are uses for: within the machine, IP, and asking the kernel for addresses, as looking up names
/// does.
const SOCKETS: [i32; 4] = [
    libc::AF_UNIX,
    libc::AF_INET,
    libc::AF_INET6,
    libc::AF_NETLINK,
];

/// Refuses them to this thread and to all that it starts.
pub(super) fn refuse() -> anyhow::Result<()> {
    let program = program().context("the list cannot be translated")?;
    Ok(apply_filter(&program)?)
}

fn program() -> anyhow::Result<BpfProgram> {
    let lists: [&[c_long]; 5] = [&PROCESSES, &KERNEL, &MOUNTS, &MACHINE, &PROCESSOR];
    let whole = lists.iter().flat_map(|list| list.iter());
    // No condition: whatever the arguments are.
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        whole.map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_socket, vec![other_sockets()?]);
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?;
    Ok(BpfProgram::try_from(filter)?)
}

fn other_sockets() -> anyhow::Result<SeccompRule> {
    let conditions = SOCKETS.iter().map(|family| {
        let family = u64::from(family.unsigned_abs());
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
    });
    let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
    Ok(SeccompRule::new(conditions)?)
}
