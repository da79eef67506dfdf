using System.Diagnostics;

namespace Aspire.Hosting.Running;

/// <summary>
/// Ends the stack's processes when the AppHost is gone without having done so, because somebody killed it. A small shell reads
/// from a pipe who runs; the pipe closes with this process, however it ends.
/// </summary>
internal sealed class ProcessGuard : IDisposable
{
    // Each process leads a group of its own. TERM asks, and INT tells a database not to wait until its clients have gone.
    private const string Script = """
        pids=
        while read -r sign pid; do
          case $sign in
            +) pids="$pids $pid" ;;
            -) kept=; for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done; pids=$kept ;;
          esac
        done
        [ -n "$pids" ] || exit 0
        for p in $pids; do kill -s TERM -- "-$p" 2>/dev/null; kill -s INT -- "-$p" 2>/dev/null; done
        left=400
        while [ "$left" -gt 0 ]; do
          alive=
          for p in $pids; do kill -s 0 -- "-$p" 2>/dev/null && alive=yes; done
          [ -n "$alive" ] || exit 0
          left=$((left - 1)); sleep 0.1
        done
        for p in $pids; do kill -s KILL -- "-$p" 2>/dev/null; done
        """;

    private readonly Lock _lock = new();
    private Process? _shell;

    public void Watch(int processId) => Tell($"+ {processId}");

    public void Forget(int processId) => Tell($"- {processId}");

    public void Dispose()
    {
        lock (_lock)
        {
            _shell?.StandardInput.Close();
            _shell?.WaitForExit();
            _shell?.Dispose();
            _shell = null;
        }
    }

    private void Tell(string line)
    {
        lock (_lock)
        {
            _shell ??= Start();
            try
            {
                _shell.StandardInput.WriteLine(line);
                _shell.StandardInput.Flush();
            }
            catch (IOException)
            {
                // Somebody ended it; then nobody guards, and an orderly end still ends everything.
            }
        }
    }

    // In a session of its own: a Ctrl-C at the terminal is for the AppHost.
    private static Process Start() => Process.Start(new ProcessStartInfo("setsid", ["sh", "-c", Script])
    {
        RedirectStandardInput = true,
        WorkingDirectory = "/",
    })!;
}
