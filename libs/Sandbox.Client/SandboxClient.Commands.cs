using Sandbox.Client.Wire;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;

namespace Sandbox.Client;

// The enveloped calls into a sandbox: one bounded answer each. For output of any size use Processes and Files.
public sealed partial class SandboxClient
{
    /// <summary>What the server and the connection may add to a command's own time limit.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    /// <summary>Runs one command to its end. A command that cannot run is exit code −1 with the reason in stderr.</summary>
    public Task<ExecResult> ExecuteAsync(SandboxId id, ExecRequest request, CancellationToken cancellationToken) =>
        _rock.PostAsync(
            "execute", request with { SandboxId = id.ToString() }, RockJson.Default.ExecRequest, RockJson.Default.ExecResult,
            Within(request.Timeout), cancellationToken);

    public Task<CreateSessionResult> CreateSessionAsync(SandboxId id, CreateSessionRequest request, CancellationToken cancellationToken) =>
        _rock.PostAsync(
            "create_session", request with { SandboxId = id.ToString() }, RockJson.Default.CreateSessionRequest,
            RockJson.Default.CreateSessionResult, Within(request.StartupTimeout), cancellationToken);

    /// <summary>Runs a command in a session; throws when it fails and the request's check says so.</summary>
    public Task<Observation> RunInSessionAsync(SandboxId id, BashAction action, CancellationToken cancellationToken) =>
        _rock.PostAsync(
            "run_in_session", action with { SandboxId = id.ToString() }, RockJson.Default.BashAction, RockJson.Default.Observation,
            Within(action.Timeout), cancellationToken);

    public Task CloseSessionAsync(SandboxId id, string session, CancellationToken cancellationToken) =>
        _rock.PostAsync(
            "close_session", new CloseSessionRequest { SandboxId = id.ToString(), Session = session }, RockJson.Default.CloseSessionRequest,
            RockJson.Default.CloseSessionResult, RockCalls.Short, cancellationToken);

    /// <summary>A text file as a whole.</summary>
    public async Task<string> ReadFileAsync(SandboxId id, string path, CancellationToken cancellationToken) =>
        (await _rock.PostAsync(
            "read_file", new ReadFileRequest { SandboxId = id.ToString(), Path = path }, RockJson.Default.ReadFileRequest,
            RockJson.Default.ReadFileResult, RockCalls.Short, cancellationToken)).Content;

    /// <summary>Writes a text file; parents are made.</summary>
    public async Task WriteFileAsync(SandboxId id, string path, string content, CancellationToken cancellationToken)
    {
        var request = new WriteFileRequest { SandboxId = id.ToString(), Path = path, Content = content };
        var written = await _rock.PostAsync(
            "write_file", request, RockJson.Default.WriteFileRequest, RockJson.Default.WriteFileResult, RockCalls.Short, cancellationToken);
        ThrowUnless(written.Success, written.Message);
    }

    /// <summary>Streams a file into the sandbox.</summary>
    public async Task UploadAsync(SandboxId id, Stream content, string targetPath, CancellationToken cancellationToken)
    {
        // The server streams the file through as it arrives, so what it must know comes before it.
        using var form = new MultipartFormDataContent
        {
            { new StringContent(id.ToString()), "sandbox_id" },
            { new StringContent(targetPath), "target_path" },
            { new StreamContent(content), "file", Path.GetFileName(targetPath) is { Length: > 0 } name ? name : "file" },
        };
        var request = RockCalls.NewRequest(HttpMethod.Post, "upload");
        request.Content = form;
        var uploaded = await _rock.SendAsync(request, RockJson.Default.UploadResult, null, cancellationToken);
        ThrowUnless(uploaded.Success, uploaded.Message);
    }

    public Task<Statistics> StatisticsAsync(SandboxId id, CancellationToken cancellationToken) =>
        _rock.GetAsync($"get_sandbox_statistics?sandbox_id={id}", RockJson.Default.Statistics, cancellationToken);

    private static TimeSpan? Within(double? seconds) =>
        seconds is { } limit && limit < TimeSpan.MaxValue.TotalSeconds / 1e6 ? TimeSpan.FromSeconds(Math.Max(limit, 0)) + Slack : null;

    private static void ThrowUnless(bool success, string reason)
    {
        if (!success)
        {
            throw new SandboxClientException(SandboxClientException.Failed, reason.Length > 0 ? reason : "The sandbox gave no reason.");
        }
    }
}
