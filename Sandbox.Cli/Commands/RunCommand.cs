using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Processes;
using Sandbox.Cli.Servers;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;

namespace Sandbox.Cli.Commands;

/// <summary><c>run</c>: a sandbox for one command.</summary>
internal sealed class RunCommand
{
    /// <summary>How long a kept sandbox stays after it was stopped, and how long the agent of one that is not kept waits for
    /// a server. Seconds.</summary>
    private const int KeptSeconds = 7 * 24 * 3600;
    private const double BriefGrace = 60;

    private readonly CommandContext _context;
    private readonly Option<string?> _image =
        new("--image", "-i") { Description = "Image (SANDBOX_IMAGE; default " + BaseImage.Name + ")." };
    private readonly Option<double> _cpus = new("--cpus") { Description = "CPUs.", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _memory =
        new("--memory", "-m") { Description = "Memory, for example 512m or 2g.", DefaultValueFactory = _ => "2g" };
    private readonly Option<string[]> _env = Variables.Option();
    private readonly Option<string[]> _files =
        new("--file", "-f") { Description = "Copy a file or folder in first.", HelpName = "LOCAL:PATH" };
    private readonly Option<double?> _timeout =
        new("--timeout") { Description = "End the command after so many seconds (exit code 124).", HelpName = "S" };
    private readonly Option<bool> _keep = new("--keep") { Description = "Keep the sandbox afterwards." };
    private readonly Option<string?> _name = new("--name") { Description = "Its id; default: a random one.", HelpName = "ID" };
    private readonly Option<string?> _network = new("--network") { Description = "bridge or none." };
    private readonly Option<string[]> _allow = NetworkCommand.AllowOption();
    private readonly Option<string[]> _deny = NetworkCommand.DenyOption();
    private readonly Option<string?> _pull = new("--pull") { Description = "missing, always or never." };
    private readonly Argument<string[]> _command =
        new("COMMAND") { Description = "After --: the command and its arguments.", Arity = ArgumentArity.OneOrMore };

    private RunCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        var run = new RunCommand(context);
        run._network.AcceptOnlyFromAmong("bridge", "none");
        run._pull.AcceptOnlyFromAmong("missing", "always", "never");
        var command = new Command("run", "Run a command in a sandbox of its own.")
        {
            run._image, run._cpus, run._memory, run._env, run._files, run._timeout, run._keep, run._name, run._network, run._allow,
            run._deny, run._pull, run._command,
        };
        command.SetAction((parsed, _) => context.WithServerAsync(parsed, client => run.RunAsync(client, parsed)));
        return command;
    }

    private async Task<int> RunAsync(SandboxClient client, ParseResult parsed)
    {
        var uploads = (parsed.GetValue(_files) ?? []).Select(LocalUpload.Parse).ToList();
        var id = SandboxId.Parse((await client.StartAsync(Request(parsed), _context.Asked)).SandboxId ?? "");
        try
        {
            await WaitAsync(client, id, parsed);
            foreach (var upload in uploads)
            {
                await new Transfer(client, id).InAsync(upload.Local, upload.Path, _context.Asked);
            }

            return await ExecuteAsync(client, id, parsed);
        }
        finally
        {
            await LeaveAsync(client, id, parsed);
        }
    }

    private StartRequest Request(ParseResult parsed)
    {
        var keep = parsed.GetValue(_keep);
        return new StartRequest
        {
            SandboxId = parsed.GetValue(_name),
            Image = parsed.GetValue(_image) ?? _context.Settings(parsed).Image,
            Cpus = parsed.GetValue(_cpus),
            Memory = parsed.GetValue(_memory)!,
            Env = Variables.Parse(parsed.GetValue(_env)),
            Network = parsed.GetValue(_network),
            Egress = NetworkCommand.Lists(parsed.GetValue(_allow), parsed.GetValue(_deny)),
            Pull = parsed.GetValue(_pull) ?? "missing",
            AutoDeleteSeconds = keep ? KeptSeconds : null,
            AgentGraceSeconds = keep ? null : BriefGrace,
        };
    }

    private async Task WaitAsync(SandboxClient client, SandboxId id, ParseResult parsed)
    {
        using var progress = new StartProgress(quiet: _context.Json(parsed));
        try
        {
            await client.WaitUntilAliveAsync(id, progress, _context.Asked);
        }
        catch (SandboxClientException failed)
            when (BaseImage.Advice(parsed.GetValue(_image) ?? _context.Settings(parsed).Image, failed.Text) is { } advice)
        {
            throw new CliException($"{failed.Text} ({advice})");
        }
    }

    private async Task<int> ExecuteAsync(SandboxClient client, SandboxId id, ParseResult parsed)
    {
        var request = CommandStart.Request(parsed.GetValue(_command)!, new Dictionary<string, string>(), cwd: null);
        await using var process = await CommandStart.StartAsync(client, id, request, _context.Asked);
        IProcessOutput output = _context.Json(parsed) ? new JsonOutput() : new PlainOutput();
        using var relay = new ProcessRelay(process, id.ToString(), output, _context.Interrupts, _context.Time);
        return await relay.RunAsync(Limits.Seconds(parsed.GetValue(_timeout)), withInput: true, _context.Asked);
    }

    private async Task LeaveAsync(SandboxClient client, SandboxId id, ParseResult parsed)
    {
        if (!parsed.GetValue(_keep))
        {
            await Removal.RemoveAsync(client, id);
        }
        else if (!_context.Json(parsed))
        {
            StandardStreams.WriteErrorLine($"sandbox: kept {id}");
        }
    }
}
