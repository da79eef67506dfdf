using System.Diagnostics;
using System.Text;
using Sandbox.Client.Contexts;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests;

/// <summary>The built command line, run as a person runs it, on a data folder of the test's own.</summary>
public sealed class CliProgram : IDisposable
{
    /// <summary>Long enough for a busy machine; a test that needs it all has failed.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    private static readonly string Program = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Sandbox.Cli", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)),
        "Sandbox.Cli.dll"));

    private readonly TempFolder _temp = new();
    private readonly string _deployment;

    public CliProgram()
        : this("local")
    {
    }

    public CliProgram(string deployment) => _deployment = deployment;

    /// <summary>A file beside the data folder.</summary>
    public string File(string name) => _temp.File(name);

    public string DataFolder => _temp.File("data");

    /// <summary>The servers that the program has names for.</summary>
    public ContextFile Contexts => new(Path.Combine(_temp.File("config"), "sandbox", "contexts.json"));

    /// <summary>The program and its arguments as one word list for another program.</summary>
    public static IReadOnlyList<string> CommandLine(params IEnumerable<string> arguments) => ["dotnet", Program, .. arguments];

    public RunningCli Start(params IEnumerable<string> arguments) => StartOther(CommandLine(arguments));

    /// <summary>Any program, in the same environment.</summary>
    public RunningCli StartOther(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _temp.Path,
        };
        start.Environment["SANDBOX_DATA"] = DataFolder;
        start.Environment["SANDBOX_DEPLOYMENT"] = _deployment;
        start.Environment["XDG_CONFIG_HOME"] = _temp.File("config");
        start.Environment.Remove("SANDBOX_URL");
        start.Environment.Remove("SANDBOX_CONTEXT");
        start.Environment.Remove("SANDBOX_API_KEY");
        start.Environment.Remove("SANDBOX_IMAGE");
        return new RunningCli(Process.Start(start)!);
    }

    /// <summary>On a terminal of its own, of so many columns.</summary>
    public RunningCli StartOnTerminal(int columns, params IEnumerable<string> arguments)
    {
        var line = string.Join(' ', CommandLine(arguments).Select(word => $"'{word}'"));
        return StartOther(["script", "--quiet", "--return", "--command", $"stty rows 40 cols {columns}; {line}", "/dev/null"]);
    }

    /// <summary>A server of the data folder that answers.</summary>
    /// <param name="settings">Of its environment, as <c>NAME=VALUE</c>.</param>
    public async Task<RunningCli> ServeAsync(params IEnumerable<string> settings)
    {
        var server = StartOther(["env", .. settings, .. CommandLine("serve", "--port", "0")]);
        await server.SeeAsync("listening on ");
        return server;
    }

    /// <summary>Runs to the end with an empty input.</summary>
    public async Task<CliResult> RunAsync(params IEnumerable<string> arguments)
    {
        using var running = Start(arguments);
        running.CloseInput();
        return await running.EndAsync();
    }

    public void Dispose() => _temp.Dispose();
}

public sealed class RunningCli : IDisposable
{
    private readonly Process _process;
    private readonly MemoryStream _output = new();
    private readonly MemoryStream _error = new();
    private readonly Task _copies;
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal RunningCli(Process process)
    {
        _process = process;
        _copies = Task.WhenAll(CopyAsync(process.StandardOutput.BaseStream, _output), CopyAsync(process.StandardError.BaseStream, _error));
    }

    public int Pid => _process.Id;

    public bool HasEnded => _process.HasExited;

    public Stream Input => _process.StandardInput.BaseStream;

    public void CloseInput() => _process.StandardInput.Close();

    public async Task TypeAsync(string text)
    {
        await Input.WriteAsync(Encoding.UTF8.GetBytes(text));
        await Input.FlushAsync();
    }

    /// <summary>Completes when standard output holds the text.</summary>
    public Task SeeAsync(string text) => SeeAsync(_output, text);

    /// <summary>Completes when standard error holds the text.</summary>
    public Task SeeErrorAsync(string text) => SeeAsync(_error, text);

    private async Task SeeAsync(MemoryStream stream, string text)
    {
        using var limit = new CancellationTokenSource(CliProgram.Generous);
        while (true)
        {
            var grown = Volatile.Read(ref _grown).Task;
            if (Text(stream).Contains(text, StringComparison.Ordinal))
            {
                return;
            }

            if (_copies.IsCompleted)
            {
                Assert.Fail(
                    $"the program ended without printing '{text}'; it printed: {Text(_output)} and on standard error: {Text(_error)}");
            }

            try
            {
                await Task.WhenAny(grown, _copies).WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail(
                    $"'{text}' was not printed in {CliProgram.Generous}; so far: {Text(_output)} and on standard error: {Text(_error)}");
            }
        }
    }

    /// <summary>Standard output so far.</summary>
    public string Printed => Text(_output);

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public async Task<CliResult> EndAsync()
    {
        using var limit = new CancellationTokenSource(CliProgram.Generous);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            await _copies.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"the program did not end in {CliProgram.Generous}; so far: {Text(_output)} and on standard error: {Text(_error)}");
        }

        return new CliResult(_process.ExitCode, _output.ToArray(), Text(_error));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static string Text(MemoryStream stream)
    {
        lock (stream)
        {
            return Encoding.UTF8.GetString(stream.ToArray());
        }
    }

    private async Task CopyAsync(Stream from, MemoryStream to)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer)) > 0)
        {
            lock (to)
            {
                to.Write(buffer, 0, count);
            }

            Interlocked.Exchange(ref _grown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }
    }
}

public sealed record CliResult(int ExitCode, byte[] OutputBytes, string Error)
{
    public string Output => Encoding.UTF8.GetString(OutputBytes);

    /// <summary>Fails with all that was printed when the code is another.</summary>
    public CliResult Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}; output: {Output}; standard error: {Error}");
        return this;
    }
}
