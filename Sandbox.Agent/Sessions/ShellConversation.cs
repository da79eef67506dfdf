using Sandbox.Agent.Activity;
using Sandbox.Agent.Files;
using Sandbox.Agent.Native;
using Sandbox.Agent.Text;

namespace Sandbox.Agent.Sessions;

/// <summary>
/// Types into a shell and listens to it: where a command's output begins and ends, and how to get back to the prompt when
/// it does not end. One caller at a time.
/// </summary>
internal sealed class ShellConversation : IDisposable
{
    private const int Interrupts = 2, InterruptSteps = 20, MaxNested = 8, LastWordsBytes = 400;

    private static readonly ExpectPatterns Nothing = new([]);

    // Bytes of output that are kept to look for marks and patterns; what is before them is put away.
    private const int LookBack = 128 * 1024, PutAwayAt = 2 * LookBack;

    private static readonly TimeSpan Drain = TimeSpan.FromMilliseconds(100), Answer = TimeSpan.FromSeconds(5),
        AfterInterrupt = TimeSpan.FromMilliseconds(300), AfterAnswer = TimeSpan.FromSeconds(2),
        AfterKill = TimeSpan.FromMilliseconds(100), HangupGrace = TimeSpan.FromSeconds(1);

    private readonly StartedShell _shell;
    private readonly SessionTerminal _terminal;
    private readonly SessionOutput _output = new();
    private readonly AgentActivity _activity;
    private readonly TimeProvider _time;
    private readonly List<CommandMarks> _outer = [];
    private ShellLines _lines;
    private CommandMarks _marks = new();
    private Spool _putAway = new();
    private bool _begun;
    private bool _saidTooMuch;

    public ShellConversation(StartedShell shell, AgentActivity activity, TimeProvider time)
    {
        (_shell, _activity, _time) = (shell, activity, time);
        _terminal = new SessionTerminal(shell.Child);
        _lines = Lines(hasTerminalFile: false);
        var reading = ReadAsync();
        _ = EndWithShellAsync(reading);
    }

    /// <summary>The shell is gone.</summary>
    public bool Ended => _output.Ended;

    /// <summary>A command was given and the shell has not come back to its prompt.</summary>
    public bool Busy { get; private set; }

    /// <summary>That of the last command.</summary>
    public int ExitCode { get; private set; }

    /// <summary>First words with the shell, which may take its time with its own start.</summary>
    /// <returns>What it said before it answered; null when it ended.</returns>
    public async Task<string?> GreetAsync(CancellationToken cancellationToken)
    {
        var word = Guid.NewGuid().ToString("N");

        // Some terminals are told where what is typed begins and ends.
        var plain = _shell.IsBash ? "\\command bind 'set enable-bracketed-paste off' 2>/dev/null;" : "";
        await TypeAsync(
            plain + $"set +H;set +o history;unset PROMPT_COMMAND HISTFILE TMOUT;{{ \\command printf '{word}T'>/dev/tty;}} 2>/dev/null",
            cancellationToken);
        var noise = await _output.WaitAsync<string>(HearNoise, cancellationToken);
        _marks.Forget();
        using var heard = noise is null ? null : await ListenAsync(Nothing, framed: false, cancellationToken);
        if (heard is null)
        {
            return null;
        }

        _lines = Lines(SpooledText.Excerpt(heard.Output).Contains(word, StringComparison.Ordinal));

        // The last line without an end is the shell's first prompt.
        return noise![..(noise!.LastIndexOf('\n') + 1)];
    }

    /// <summary>Types a command between marks.</summary>
    public async Task TypeAsync(string command, CancellationToken cancellationToken)
    {
        _marks = new CommandMarks();
        _output.Clear();
        _output.Keep = SessionOutput.BusyLimit;
        _terminal.Restore();
        Busy = true;
        await WriteAsync(_lines.Wrap(command, _marks, ExitCode), cancellationToken);
    }

    /// <summary>Types as a person would: for whatever reads the terminal now.</summary>
    public Task TypeRawAsync(string line, CancellationToken cancellationToken)
    {
        Busy = true;
        return WriteAsync(System.Text.Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
    }

    /// <summary>Until one of the patterns shows up or the command ends.</summary>
    /// <param name="framed">The output begins at the mark of the start.</param>
    /// <returns>Null when the shell ended or said too much.</returns>
    public async Task<Heard?> ListenAsync(ExpectPatterns expect, bool framed, CancellationToken cancellationToken)
    {
        _output.Keep = SessionOutput.BusyLimit;
        StartOutput();
        var heard = await _output.WaitAsync<Heard>((output, out taken) => Hear(output, expect, framed, out taken), cancellationToken);
        if (heard is { TooMuch: true })
        {
            _saidTooMuch = true;
            return null;
        }

        if (heard?.ExitCode is { } code)
        {
            AtPrompt(code);
        }

        // It has what was put away; whatever a call puts away that hears nothing goes with the next one.
        _putAway = heard is null ? _putAway : new Spool();
        return heard;
    }

    /// <summary>Whether the command has ended meanwhile.</summary>
    public bool TryFinish()
    {
        StartOutput();
        var end = _output.TryTake<Heard>((output, out taken) => Hear(output, Nothing, framed: false, out taken));
        if (end?.ExitCode is { } code)
        {
            AtPrompt(code);
        }

        return !Busy;
    }

    /// <summary>Makes sure that the shell waits at its prompt and has nothing left to say.</summary>
    public async Task<bool> SyncAsync()
    {
        using var limit = new CancellationTokenSource(Answer, _time);
        try
        {
            await TypeAsync(":", limit.Token);

            // The mark behind the command, then the same mark in the prompt; a shell that was told to edit no lines shows none.
            using var answer = await ListenAsync(Nothing, framed: true, limit.Token);
            var isBack = answer is not null && (await IsBackAsync(AfterAnswer) || !Ended);
            _outer.Remove(_marks);
            _output.Clear();
            return isBack;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Interrupts what runs, then kills it, until the shell is back at its prompt; a shell that does not come back is
    /// ended. One that was replaced by another shell (<c>exec bash</c>) has a prompt that nobody here knows, but answers.</summary>
    public async Task InterruptAsync()
    {
        for (var step = 0; step < InterruptSteps && !Ended; step++)
        {
            _output.Clear();
            _marks.Forget();
            _terminal.SignalForeground(step < Interrupts ? Signals.Interrupt : Signals.Kill);

            // Longer each time: on a busy machine a shell that was interrupted too often never gets to its prompt.
            var patience = step < Interrupts ? AfterInterrupt : AfterKill * (step - Interrupts + 1);
            if (await IsBackAsync(patience) && await SyncAsync())
            {
                return;
            }

            if (step == Interrupts - 1 && _terminal.ShellHasForeground())
            {
                if (await SyncAsync())
                {
                    return;
                }

                // It heeds no interrupt and takes no command: it is no shell any more.
                break;
            }
        }

        _shell.Child.KillSession();
        _output.End();
    }

    /// <summary>From here on what is said is of no interest.</summary>
    public void Rest()
    {
        _output.Keep = Busy ? SessionOutput.BusyLimit : SessionOutput.IdleLimit;
        _lines.RemoveFile();
    }

    public bool SaidTooMuch => _saidTooMuch || _output.Overflowed;

    /// <summary>The end of what it said, which tells why a shell has ended.</summary>
    public string LastWords()
    {
        var said = AnsiText.Strip(EscapedUtf8.Decode(_output.Tail(LastWordsBytes)));

        // Without the marks, each of which ends with this sign.
        return said[(said.LastIndexOf('\x1f') + 1)..].Trim();
    }

    /// <summary>Hangs up. Jobs that heed no hang-up (nohup) live on.</summary>
    public void Dispose()
    {
        _lines.RemoveFile();
        _shell.Child.Dispose();
        _output.End();
        _putAway.Dispose();
        _ = EnsureGoneAsync();
    }

    private void StartOutput()
    {
        _putAway.Clear();
        (_begun, _saidTooMuch) = (false, false);
    }

    private Heard Result(ReadOnlySpan<byte> body, EndMark? end, ExpectMatch? match)
    {
        var matched = match is null ? "" : EscapedUtf8.Decode(body[match.From..match.To]);
        _putAway.Append(match is null ? body : body[..match.From]);
        return new Heard(_putAway, end?.ExitCode, match?.Pattern, matched);
    }

    private string? HearNoise(ReadOnlySpan<byte> output, out int taken)
    {
        taken = Math.Max(0, _marks.FindStart(output));
        return taken == 0 ? null : EscapedUtf8.Decode(output[..(taken - _marks.StartLength)]);
    }

    private Heard? Hear(ReadOnlySpan<byte> output, ExpectPatterns expect, bool framed, out int taken)
    {
        taken = 0;
        var start = !framed || _begun ? 0 : _marks.FindStart(output);
        var end = _marks.FindEnd(output);
        if (start < 0)
        {
            // The line was given up before it came to the command.
            taken = end?.To ?? DropNoise(output.Length);
            return end is null ? null : new Heard(_putAway, end.Value.ExitCode);
        }

        end ??= framed ? FindOuterEnd(output, start) : null;
        var body = output[start..(end?.From ?? output.Length)];
        var match = expect.Find(body);
        if (end is null && match is null)
        {
            return PutAway(body, start, out taken);
        }

        Remember(end);
        taken = end?.To ?? start + match!.To;
        var heard = Result(body, end, match);
        _marks.Forget();
        return heard;
    }

    /// <summary>Of what is before the command: only the end can be the beginning of a mark.</summary>
    private int DropNoise(int length)
    {
        if (length < PutAwayAt)
        {
            return 0;
        }

        _marks.Forget();
        return length - LookBack;
    }

    private Heard? PutAway(ReadOnlySpan<byte> body, int start, out int taken)
    {
        taken = 0;
        if (_putAway.Length + body.Length > SessionOutput.Limit)
        {
            return new Heard(_putAway, null, TooMuch: true);
        }

        if (body.Length >= PutAwayAt)
        {
            _putAway.Append(body[..^LookBack]);
            taken = start + body.Length - LookBack;
            _begun = true;
            _marks.Forget();
        }

        return null;
    }

    /// <summary>A shell inside the shell was left by this command: then the command that had started it ends now.</summary>
    private EndMark? FindOuterEnd(ReadOnlySpan<byte> output, int start)
    {
        for (var i = _outer.Count - 1; i >= 0; i--)
        {
            _outer[i].Forget();
            if (_outer[i].FindEnd(output[start..]) is { IsPrompt: false } end)
            {
                _outer.RemoveRange(i, _outer.Count - i);
                return end with { From = end.From + start, To = end.To + start };
            }
        }

        return null;
    }

    /// <summary>A prompt without the end of its command: another shell may have begun inside it.</summary>
    private void Remember(EndMark? end)
    {
        if (end is { IsPrompt: true } && !_outer.Contains(_marks))
        {
            _outer.RemoveRange(0, _outer.Count == MaxNested ? 1 : 0);
            _outer.Add(_marks);
        }
    }

    private void AtPrompt(int code) => (Busy, ExitCode) = (false, code);

    private ShellLines Lines(bool hasTerminalFile) =>
        _shell.IsBash ? ShellLines.ForBash(hasTerminalFile, _shell.Owner) : ShellLines.ForPosix(hasTerminalFile, _shell.Owner);

    private async Task<bool> IsBackAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience, _time);
        try
        {
            using var heard = await ListenAsync(Nothing, framed: false, limit.Token);
            return heard is not null;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task WriteAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _shell.Child.Terminal!.WriteAsync(bytes, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            _output.End();
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await _shell.Child.Terminal!.ReadAsync(buffer, CancellationToken.None)) > 0)
            {
                _activity.Touch();
                _output.Append(buffer.AsSpan(0, read));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Closed by us, which is an end like any other.
        }
    }

    // A background job may hold the terminal open long after the shell is gone.
    private async Task EndWithShellAsync(Task reading)
    {
        await Task.WhenAny(reading, _shell.Child.Exited);
        await Task.WhenAny(reading, Task.Delay(Drain, _time, CancellationToken.None));
        _output.End();
    }

    private async Task EnsureGoneAsync()
    {
        await Task.WhenAny(_shell.Child.Exited, Task.Delay(HangupGrace, _time, CancellationToken.None));
        if (!_shell.Child.Exited.IsCompleted)
        {
            _ = _shell.Child.Signal(Signals.Kill);
        }
    }
}
