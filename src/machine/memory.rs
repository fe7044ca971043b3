//! How much memory this process may still take: what is free in the machine, and the limits of the process and its control groups.
//! Linux reports it in /proc and /sys. Elsewhere nothing is known, and an allocation that fails is the first sign.

use crate::message::Message;

/// The tightest of all limits, and what it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub bytes: u64,
    pub limit: Limit,
}

/// What limits the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `ulimit -v`.
    AddressSpace,
    /// `ulimit -d`.
    Data,
    /// memory.max, or memory.limit_in_bytes in version 1: a container, a service, a job of a cluster.
    ControlGroup,
    /// The memory of the machine that is not in use.
    Machine,
}

impl Limit {
    /// What a run takes while it prepares its text, besides what is planned: threads, drivers, text on its way to tokens. On the
    /// built-in text with two threads nano takes up to 270 MiB of address space, 47 MiB of data and 66 MiB of memory, of which its plan is 24.
    pub fn beside_bytes(self) -> u64 {
        match self {
            Self::AddressSpace => 128 << 20,
            Self::Data | Self::ControlGroup => 32 << 20,
            Self::Machine => 0,
        }
    }

    /// Its name for people.
    pub fn message(self) -> Message {
        match self {
            Self::AddressSpace => Message::new("limit-address-space"),
            Self::Data => Message::new("limit-data"),
            Self::ControlGroup => Message::new("limit-control-group"),
            Self::Machine => Message::new("limit-machine"),
        }
    }
}

/// What this process may still take, if the system reports it.
pub fn room() -> Option<Room> {
    cfg!(target_os = "linux").then(|| of_system(&|path| std::fs::read_to_string(path).ok())).flatten()
}

/// Whether the system would give this many bytes in one piece. They are given back immediately and never touched, so this costs
/// nothing.
pub fn can_take(bytes: u64) -> bool {
    let mut probe: Vec<u8> = Vec::new();
    let given =
        usize::try_from(bytes).is_ok_and(|bytes| super::allocator::asking(|| probe.try_reserve_exact(bytes).is_ok()));
    // Without this the compiler may leave out memory that nobody uses, and assume that there was some.
    std::hint::black_box(&mut probe);
    given
}

/// `read`: the text of a file of /proc or /sys.
fn of_system(read: &dyn Fn(&str) -> Option<String>) -> Option<Room> {
    let machine = read("/proc/meminfo").and_then(|text| Some((kib(&text, "MemAvailable:")?, kib(&text, "SwapFree:"))));
    let swap = machine.and_then(|(_, swap)| swap).unwrap_or(0);
    let machine = machine.map(|(free, _)| (free + swap, Limit::Machine));
    let group = control_group(read, swap).map(|left| (left, Limit::ControlGroup));
    let process = process_limits(read);
    let rooms = machine.into_iter().chain(group).chain(process);
    rooms.map(|(bytes, limit)| Room { bytes, limit }).min_by_key(|room| room.bytes)
}

/// The number of bytes in a line such as `MemAvailable:   12345 kB`.
fn kib(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The soft limits of this process, less what it has mapped already.
fn process_limits(read: &dyn Fn(&str) -> Option<String>) -> Vec<(u64, Limit)> {
    let (Some(limits), Some(status)) = (read("/proc/self/limits"), read("/proc/self/status")) else {
        return Vec::new();
    };
    let left = |(name, used, limit): (&str, &str, Limit)| {
        // `Max address space     unlimited     unlimited     bytes`: the soft limit comes first.
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        let most: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some((most.saturating_sub(kib(&status, used)?), limit))
    };
    let kinds = [("Max address space", "VmSize:", Limit::AddressSpace), ("Max data size", "VmData:", Limit::Data)];
    kinds.into_iter().filter_map(left).collect()
}

/// Where a version of control groups keeps what it knows.
struct Version {
    /// The type of its file system, and an option that the mount has.
    mount: (&'static str, Option<&'static str>),
    /// The controller in /proc/self/cgroup; version 2 names none.
    controller: &'static str,
    most: &'static str,
    used: &'static str,
    /// What the system would give up if somebody needed it: files that it holds in memory.
    spare: &'static str,
}

const VERSIONS: [Version; 2] = [
    Version {
        mount: ("cgroup2", None),
        controller: "",
        most: "memory.max",
        used: "memory.current",
        spare: "inactive_file ",
    },
    Version {
        mount: ("cgroup", Some("memory")),
        controller: "memory",
        most: "memory.limit_in_bytes",
        used: "memory.usage_in_bytes",
        spare: "total_inactive_file ",
    },
];

/// What the control group of this process and those around it leave.
fn control_group(read: &dyn Fn(&str) -> Option<String>, swap: u64) -> Option<u64> {
    let (groups, mounts) = (read("/proc/self/cgroup")?, read("/proc/self/mountinfo")?);
    let left = |version: &Version| {
        let folder = folder_of_group(version, &groups, &mounts)?;
        folders_above(&folder.0, &folder.1).filter_map(|folder| left_in(version, folder, read)).min()
    };
    // A group may move to the swap what exceeds its memory. (A limit of swap alone is rare, and what it forbids is not known here.)
    VERSIONS.iter().filter_map(left).min().map(|left| left.saturating_add(swap))
}

/// The folder of this process's group, and the mount that it lies in.
fn folder_of_group(version: &Version, groups: &str, mounts: &str) -> Option<(String, String)> {
    // `0::/user.slice/x` or `4:cpu,memory:/x`.
    let group = groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        controllers.split(',').any(|name| name == version.controller).then_some(path)
    })?;
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let (name, option) = version.mount;
        if kind.next()? != name || option.is_some_and(|option| !kind.any(|o| o.split(',').any(|o| o == option))) {
            return None;
        }
        let mut place = place.split(' ').skip(3);
        // In a container the mount may show only the part of the tree in which the group lies.
        let (root, mount) = (place.next()?, place.next()?.replace("\\040", " "));
        let inside = if root == "/" { Some(group) } else { group.strip_prefix(root) };
        let inside = inside.unwrap_or("").trim_matches('/');
        let folder =
            if inside.is_empty() || inside.starts_with("..") { mount.clone() } else { format!("{mount}/{inside}") };
        Some((folder, mount))
    })
}

/// `folder` and every folder around it, up to the mount.
fn folders_above<'f>(folder: &'f str, mount: &'f str) -> impl Iterator<Item = &'f str> {
    std::iter::successors(Some(folder), |folder| folder.rsplit_once('/').map(|(above, _)| above))
        .take_while(move |folder| folder.starts_with(mount))
}

fn left_in(version: &Version, folder: &str, read: &dyn Fn(&str) -> Option<String>) -> Option<u64> {
    let number = |name: &str| read(&format!("{folder}/{name}"))?.trim().parse::<u64>().ok();
    // Without a limit version 2 says `max`, which is no number, and version 1 says nearly 2^63.
    let most = number(version.most).filter(|most| *most < 1 << 60)?;
    let spare = read(&format!("{folder}/memory.stat")).and_then(|text| {
        text.lines().find_map(|line| line.strip_prefix(version.spare)).and_then(|number| number.trim().parse().ok())
    });
    Some(most.saturating_sub(number(version.used)?.saturating_sub(spare.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: (&str, &str) =
        ("/proc/meminfo", "MemTotal: 8000000 kB\nMemFree: 100 kB\nMemAvailable:  4000000 kB\nSwapFree:  1000 kB\n");
    const STATUS: (&str, &str) = ("/proc/self/status", "Name:\tx\nVmSize:\t  1000 kB\nVmData:\t  400 kB\n");

    fn found(files: &[(&str, &str)]) -> Option<Room> {
        let read = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
        of_system(&read)
    }

    fn limits(address: &str, data: &str) -> String {
        format!(
            "Limit                     Soft Limit           Hard Limit           Units\n\
             Max data size             {data:<20} unlimited            bytes\n\
             Max address space         {address:<20} unlimited            bytes\n"
        )
    }

    #[test]
    fn the_tightest_limit_counts() {
        let none = limits("unlimited", "unlimited");
        let machine = Room { bytes: 4_001_000 << 10, limit: Limit::Machine };
        assert_eq!(found(&[MEMINFO, STATUS, ("/proc/self/limits", &none)]), Some(machine));
        let address = limits("2048000", "unlimited");
        let room = Room { bytes: 2_048_000 - (1000 << 10), limit: Limit::AddressSpace };
        assert_eq!(found(&[MEMINFO, STATUS, ("/proc/self/limits", &address)]), Some(room));
        let data = limits("unlimited", "1024000");
        let room = Room { bytes: 1_024_000 - (400 << 10), limit: Limit::Data };
        assert_eq!(found(&[MEMINFO, STATUS, ("/proc/self/limits", &data)]), Some(room));
        let passed = limits("1000", "unlimited");
        assert_eq!(found(&[MEMINFO, STATUS, ("/proc/self/limits", &passed)]).unwrap().bytes, 0);
        assert_eq!(found(&[]), None, "another system");
        assert_eq!(found(&[("/proc/meminfo", "nonsense"), ("/proc/self/limits", "Max address space")]), None);
    }

    const V2: [(&str, &str); 2] = [
        ("/proc/self/cgroup", "0::/jobs/one\n"),
        ("/proc/self/mountinfo", "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"),
    ];

    #[test]
    fn a_group_of_version_2_leaves_what_is_unused_or_can_be_given_up() {
        let group = [
            ("/sys/fs/cgroup/jobs/one/memory.max", "1000000\n"),
            ("/sys/fs/cgroup/jobs/one/memory.current", "700000\n"),
            ("/sys/fs/cgroup/jobs/one/memory.stat", "anon 5\ninactive_file 200000\nactive_file 7\n"),
        ];
        let left = |files: &[&[(&str, &str)]]| found(&files.concat());
        assert_eq!(left(&[&V2, &group]), Some(Room { bytes: 500_000, limit: Limit::ControlGroup }));
        // The group around it is tighter.
        let around = [("/sys/fs/cgroup/jobs/memory.max", "800000"), ("/sys/fs/cgroup/jobs/memory.current", "790000")];
        assert_eq!(left(&[&V2, &group, &around]).unwrap().bytes, 10_000);
        let unlimited =
            [("/sys/fs/cgroup/jobs/one/memory.max", "max\n"), ("/sys/fs/cgroup/jobs/one/memory.current", "1")];
        assert_eq!(left(&[&V2, &unlimited]), None);
        // What does not fit may go to the swap.
        let swap = [("/proc/meminfo", "MemAvailable: 9999999 kB\nSwapFree: 10 kB\n")];
        assert_eq!(left(&[&V2, &group, &swap]).unwrap().bytes, 500_000 + 10_240);
    }

    #[test]
    fn a_container_shows_its_own_part_of_the_tree() {
        // Version 2 in a namespace: the group is the root of what is seen.
        let namespace = [
            ("/proc/self/cgroup", "0::/\n"),
            V2[1],
            ("/sys/fs/cgroup/memory.max", "64000"),
            ("/sys/fs/cgroup/memory.current", "4000"),
        ];
        assert_eq!(found(&namespace).unwrap().bytes, 60_000);
        // Version 1: the mount shows only the container, under a path that names it in full.
        let container = [
            ("/proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n"),
            (
                "/proc/self/mountinfo",
                "40 30 0:33 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n\
                 41 30 0:34 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
            ),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "50000"),
            ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "30000"),
            ("/sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 5000\n"),
        ];
        assert_eq!(found(&container), Some(Room { bytes: 25_000, limit: Limit::ControlGroup }));
        let mut unlimited = container;
        unlimited[2].1 = "9223372036854771712";
        assert_eq!(found(&unlimited), None);
        // A process that was moved out of what the container shows.
        let mut outside = container;
        outside[0].1 = "4:memory:/../other\n";
        assert_eq!(found(&outside).unwrap().bytes, 25_000);
    }

    #[test]
    fn this_machine_has_some_room() {
        if cfg!(target_os = "linux") {
            assert!(room().unwrap().bytes > 1 << 20);
        }
        assert!(can_take(1 << 20) && can_take(0));
        assert!(!can_take(u64::MAX) && !can_take(1 << 62));
    }
}
