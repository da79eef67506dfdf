using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Processes;
using Sandbox.Cli.Servers;
using Sandbox.Client;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Commands;

/// <summary>What every command has at hand.</summary>
internal sealed class CommandContext(CliSettings settings, Interrupts interrupts, TimeProvider time)
{
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON.", Recursive = true };

    private readonly Option<string?> _data = new("--data")
    {
        Description = "Data folder of the standalone server (SANDBOX_DATA).",
        HelpName = "DIR",
        Recursive = true,
    };

    private readonly Option<string?> _deployment = new("--deployment")
    {
        Description = "auto, docker or local (SANDBOX_DEPLOYMENT).",
        HelpName = "KIND",
        Recursive = true,
    };

    public Interrupts Interrupts => interrupts;

    public TimeProvider Time => time;

    public CancellationToken Asked => interrupts.Asked;

    public void AddTo(Command root)
    {
        _deployment.AcceptOnlyFromAmong("auto", "docker", "local");
        root.Add(_json);
        root.Add(_data);
        root.Add(_deployment);
    }

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    public CliSettings Settings(ParseResult parsed) => settings with
    {
        DataFolder = parsed.GetValue(_data) ?? settings.DataFolder,
        NamesDataFolder = settings.NamesDataFolder || parsed.GetValue(_data) is not null,
        Deployment = parsed.GetValue(_deployment) ?? settings.Deployment,
    };

    /// <summary>Runs the body with a client of the right server.</summary>
    public async Task<int> WithServerAsync(ParseResult parsed, Func<SandboxClient, Task<int>> body)
    {
        await using var server = await ServerSession.OpenAsync(Settings(parsed), time, Asked);
        return await body(server.Client);
    }

    public static Argument<SandboxId> IdArgument() => new("ID")
    {
        Description = "The sandbox.",
        CustomParser = result =>
        {
            if (SandboxId.TryParse(result.Tokens[0].Value, null, out var id))
            {
                return id;
            }

            result.AddError($"'{result.Tokens[0].Value}' is not a sandbox id");
            return default;
        },
    };

    public void Done(ParseResult parsed, Done done, string text) => Printer.Result(Json(parsed), done, text);
}
