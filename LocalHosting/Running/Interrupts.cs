using System.Runtime.InteropServices;

namespace Aspire.Hosting.Running;

/// <summary>Ctrl-C, however the AppHost was started. A shell without a terminal has what it starts in the background ignore it,
/// and the runtime respects that; but who sends it to a whole stack means it.</summary>
internal static class Interrupts
{
    private const int Interrupt = 2;

    /// <summary>Before anybody listens for it.</summary>
    public static void Allow() => _ = Signal(Interrupt, 0);

    [DllImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Signal(int signal, nint handler);
}
