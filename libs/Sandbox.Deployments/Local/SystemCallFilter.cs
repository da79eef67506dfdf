using System.Runtime.InteropServices;

namespace Sandbox.Deployments.Local;

/// <summary>
/// The system calls that a Local sandbox may not make, as a program of the kernel's packet filter (seccomp), which bubblewrap loads. It
/// refuses what Docker's default profile refuses to a container without capabilities: new user namespaces, keys, BPF, asynchronous I/O
/// by rings, memory policies, modules, mounts, and what takes the program's word for another architecture's call. A call that is newer
/// than this table does not exist for it, so that programs use the older one.
/// </summary>
internal static class SystemCallFilter
{
    private const uint Allow = 0x7fff0000;

    private const int NotPermitted = 1, NotImplemented = 38, FamilyNotSupported = 97;

    /// <summary>Offsets in what the kernel tells of a call (<c>struct seccomp_data</c>): number, architecture, first argument.</summary>
    private const uint NumberAt = 0, ArchitectureAt = 4, FirstArgumentAt = 16;

    /// <summary>CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.</summary>
    private const uint NewNamespaces = 0x7e020000;

    /// <summary>Families of sockets that reach the machine's hypervisor, and the kernel's cipher code.</summary>
    private const uint VirtualMachines = 40, Ciphers = 38;

    /// <summary>The plain personality, and those that only change how addresses are laid out or what uname says.</summary>
    private static readonly uint[] Personalities = [0, 8, 0x20000, 0x20008, 0xffffffff];

    private static readonly Machine X64 = new(0xc000003e, CloneCall: 56, SocketCall: 41, PersonalityCall: 135);
    private static readonly Machine Arm64 = new(0xc00000b7, CloneCall: 220, SocketCall: 198, PersonalityCall: 92);

    /// <summary>The same on each architecture. What is newer than the second number is not in the table below.</summary>
    private const uint Clone3 = 435, Newest = 450;

    /// <summary>Name, number on x86-64, number on arm64 (0: there is none).</summary>
    private static readonly (string Name, uint X64, uint Arm64)[] Refused =
    [
        ("syslog", 103, 116), ("uselib", 134, 0), ("ustat", 136, 0), ("sysfs", 139, 0), ("vhangup", 153, 58), ("pivot_root", 155, 41),
        ("_sysctl", 156, 0), ("chroot", 161, 51), ("acct", 163, 89), ("settimeofday", 164, 170), ("mount", 165, 40), ("umount2", 166, 39),
        ("swapon", 167, 224), ("swapoff", 168, 225), ("reboot", 169, 142), ("sethostname", 170, 161), ("setdomainname", 171, 162),
        ("iopl", 172, 0), ("ioperm", 173, 0), ("create_module", 174, 0), ("init_module", 175, 105), ("delete_module", 176, 106),
        ("get_kernel_syms", 177, 0), ("query_module", 178, 0), ("quotactl", 179, 60), ("nfsservctl", 180, 42), ("getpmsg", 181, 0),
        ("putpmsg", 182, 0), ("afs_syscall", 183, 0), ("tuxcall", 184, 0), ("security", 185, 0), ("lookup_dcookie", 212, 18),
        ("clock_settime", 227, 112), ("vserver", 236, 0), ("mbind", 237, 235), ("set_mempolicy", 238, 237), ("get_mempolicy", 239, 236),
        ("kexec_load", 246, 104), ("add_key", 248, 217), ("request_key", 249, 218), ("keyctl", 250, 219), ("migrate_pages", 256, 238),
        ("unshare", 272, 97), ("move_pages", 279, 239), ("perf_event_open", 298, 241), ("fanotify_init", 300, 262),
        ("open_by_handle_at", 304, 265), ("setns", 308, 268), ("kcmp", 312, 272), ("finit_module", 313, 273),
        ("kexec_file_load", 320, 294), ("bpf", 321, 280), ("userfaultfd", 323, 282), ("io_uring_setup", 425, 425),
        ("io_uring_enter", 426, 426), ("io_uring_register", 427, 427), ("open_tree", 428, 428), ("move_mount", 429, 429),
        ("fsopen", 430, 430), ("fsconfig", 431, 431), ("fsmount", 432, 432), ("fspick", 433, 433), ("pidfd_getfd", 438, 438),
        ("process_madvise", 440, 440), ("mount_setattr", 442, 442), ("quotactl_fd", 443, 443), ("set_mempolicy_home_node", 450, 450),
    ];

    /// <summary>The program for this machine, as <c>bwrap --seccomp</c> reads it.</summary>
    public static byte[] Program { get; } = Assemble(
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 ? Arm64 : X64);

    private static byte[] Assemble(Machine machine)
    {
        List<Instruction> program =
        [
            Load(ArchitectureAt), IfEqual(machine.Audit, then: 1, otherwise: 0), Refuse(NotImplemented),

            // Numbers of another calling convention of the same machine (x32) are greater than all.
            Load(NumberAt), IfGreater(Newest, then: 0, otherwise: 1), Refuse(NotImplemented),

            // Its flags lie in memory, where a filter cannot look: programs take clone instead.
            IfEqual(Clone3, then: 0, otherwise: 1), Refuse(NotImplemented),
        ];
        foreach (var number in Refused.Select(call => machine == X64 ? call.X64 : call.Arm64).Where(number => number != 0))
        {
            program.AddRange([IfEqual(number, then: 0, otherwise: 1), Refuse(NotPermitted)]);
        }

        // For another call the first line of each leads to the next one, and that of the last one to its end, which allows.
        program.AddRange(
        [
            IfEqual(machine.CloneCall, then: 0, otherwise: 4), Load(FirstArgumentAt), IfAnyOf(NewNamespaces, then: 0, otherwise: 1),
            Refuse(NotPermitted), Return(Allow),
            IfEqual(machine.SocketCall, then: 0, otherwise: 5), Load(FirstArgumentAt), IfEqual(VirtualMachines, then: 1, otherwise: 0),
            IfEqual(Ciphers, then: 0, otherwise: 1), Refuse(FamilyNotSupported), Return(Allow),
            IfEqual(machine.PersonalityCall, then: 0, otherwise: (byte)(Personalities.Length + 2)), Load(FirstArgumentAt),
            .. Personalities.Select((known, place) => IfEqual(known, then: (byte)(Personalities.Length - place), otherwise: 0)),
            Refuse(NotPermitted), Return(Allow),
        ]);
        return MemoryMarshal.AsBytes<Instruction>(program.ToArray()).ToArray();
    }

    private static Instruction Load(uint offset) => new(0x20, 0, 0, offset);

    private static Instruction IfEqual(uint value, byte then, byte otherwise) => new(0x15, then, otherwise, value);

    private static Instruction IfGreater(uint value, byte then, byte otherwise) => new(0x25, then, otherwise, value);

    private static Instruction IfAnyOf(uint bits, byte then, byte otherwise) => new(0x45, then, otherwise, bits);

    private static Instruction Return(uint value) => new(0x06, 0, 0, value);

    private static Instruction Refuse(int error) => Return(0x50000 | (uint)error);

    /// <param name="Audit">The kernel's number of the architecture (AUDIT_ARCH_*).</param>
    private sealed record Machine(uint Audit, uint CloneCall, uint SocketCall, uint PersonalityCall);

    /// <summary>The kernel's <c>struct sock_filter</c>. The jumps count the instructions that are left out.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte Then, byte Otherwise, uint Value);
}
