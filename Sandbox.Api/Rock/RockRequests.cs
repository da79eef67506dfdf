using System.Buffers;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Rock;

/// <summary>How each body of ROCK's routes is read. Unknown members are ignored.</summary>
internal static class RockRequests
{
    public const string SandboxId = "sandbox_id";

    /// <summary>Ids that one batch, and entries that one page, may have.</summary>
    public const int MaxPage = 2000;

    private static readonly SearchValues<char> LineSeparators = SearchValues.Create("\0\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");

    public static StartRequest Start(Fields fields)
    {
        var defaults = new StartRequest();
        return new StartRequest
        {
            Image = fields.Name("image"),
            ImageOs = fields.Text("image_os", defaults.ImageOs),
            AutoClearTimeMinutes = fields.OptionalInteger("auto_clear_time_minutes"),
            Pull = fields.Choice("pull", defaults.Pull, "never", "always", "missing"),
            Memory = fields.Text("memory", defaults.Memory),
            Cpus = fields.Number("cpus", defaults.Cpus),
            LimitCpus = fields.OptionalNumber("limit_cpus"),
            SandboxId = fields.OptionalText(SandboxId),
            RegistryUsername = fields.OptionalText("registry_username"),
            RegistryPassword = fields.OptionalText("registry_password"),
            StartupTimeout = fields.OptionalNumber("startup_timeout"),
            UseKataRuntime = fields.Flag("use_kata_runtime", false),
            AutoArchiveSeconds = fields.OptionalInteger("auto_archive_seconds", 0),
            AutoDeleteSeconds = fields.OptionalInteger("auto_delete_seconds", 0),
            Disk = fields.Has("disk") ? fields.OptionalText("disk") : defaults.Disk,
            NumGpus = fields.OptionalNumber("num_gpus"),
            AcceleratorType = fields.OptionalText("accelerator_type"),
            Env = fields.OptionalMap("env"),
            Metadata = fields.OptionalMap("metadata"),
            ExtendedParams = fields.OptionalMap("extended_params"),
            Network = fields.OptionalText("network"),
            Egress = fields.OptionalObject("egress", Egress),
            Privileged = fields.Flag("privileged", false),
            AllowPrivilegeGain = fields.Flag("allow_privilege_gain", false),
            PidsLimit = fields.OptionalInteger("pids_limit"),
            DockerArgs = fields.OptionalTexts("docker_args"),
            RemoveImage = fields.Flag("remove_image", false),
            AgentGraceSeconds = fields.OptionalNumber("agent_grace_seconds"),
            Remote = fields.OptionalObject("remote", Remote),
        };
    }

    public static SandboxIdRequest Id(Fields fields) => new(fields.Name(SandboxId));

    /// <summary>Delete alone accepts a blank id (nothing has it, so nothing is to do).</summary>
    public static SandboxIdRequest IdOrBlank(Fields fields) => new(fields.Text(SandboxId).Trim());

    public static CommitRequest Commit(Fields fields)
    {
        var request = new CommitRequest(
            fields.Name(SandboxId), fields.Name("image_tag"), fields.Text("username", ""), fields.Text("password", ""));
        if (request.ImageTag.AsSpan().ContainsAny(LineSeparators))
        {
            fields.Refuse("image_tag", "Value error, image_tag must not contain NUL or line separators");
        }

        return request;
    }

    public static BatchRequest Batch(Fields fields) => new(fields.RequiredTexts("sandbox_ids", MaxPage));

    public static ExecRequest Exec(Fields fields) => new()
    {
        SandboxId = fields.Name(SandboxId),
        Command = fields.TextOrTexts("command"),
        Timeout = fields.Has("timeout") ? fields.OptionalNumber("timeout") : 1200,
        Shell = fields.Flag("shell", false),
        Check = fields.Flag("check", false),
        ErrorMsg = fields.Text("error_msg", ""),
        Env = fields.OptionalMap("env"),
        Cwd = fields.OptionalText("cwd"),
        SessionType = fields.Choice("session_type", "bash", "bash"),
    };

    public static CreateSessionRequest CreateSession(Fields fields) => new()
    {
        SandboxId = fields.Name(SandboxId),
        Session = fields.Text("session", "default"),
        SessionType = fields.Choice("session_type", "bash", "bash"),
        StartupSource = fields.Texts("startup_source"),
        EnvEnable = fields.Flag("env_enable", false),
        Env = fields.OptionalMap("env"),
        RemoteUser = fields.OptionalText("remote_user"),
        StartupTimeout = fields.Number("startup_timeout", 1.0),
        MaxReadSize = fields.Integer("max_read_size", 2000),
    };

    public static BashAction RunInSession(Fields fields) => new()
    {
        SandboxId = fields.Name(SandboxId),
        Command = fields.Text("command"),
        Session = fields.Text("session", "default"),
        ActionType = fields.Choice("action_type", "bash", "bash"),
        Timeout = fields.OptionalNumber("timeout"),
        Check = fields.Choice("check", "raise", "silent", "raise", "ignore"),
        IsInteractiveCommand = fields.Flag("is_interactive_command", false),
        IsInteractiveQuit = fields.Flag("is_interactive_quit", false),
        ErrorMsg = fields.Text("error_msg", ""),
        Expect = fields.Texts("expect"),
    };

    public static CloseSessionRequest CloseSession(Fields fields) => new()
    {
        SandboxId = fields.Name(SandboxId),
        Session = fields.Text("session", "default"),
        SessionType = fields.Choice("session_type", "bash", "bash"),
    };

    public static ReadFileRequest ReadFile(Fields fields) => new()
    {
        SandboxId = fields.Name(SandboxId),
        Path = fields.Path("path"),
        Encoding = fields.OptionalText("encoding"),
        Errors = fields.OptionalText("errors"),
    };

    public static WriteFileRequest WriteFile(Fields fields) => new()
    {
        SandboxId = fields.Name(SandboxId),
        Path = fields.Path("path"),
        Content = fields.Text("content"),
    };

    public static TaskSetRequest TaskSet(Fields fields) =>
        new(fields.OptionalObject("spec", Spec) ?? new TaskSetSpec(TaskTypes: null, TargetWorkers: null));

    public static WarmupRequest Warmup(Fields fields) => new(fields.Has("image") ? fields.Name("image") : WarmupRequest.DefaultImage);

    private static TaskSetSpec Spec(Fields fields) => new(fields.OptionalTexts("taskTypes"), fields.OptionalTexts("targetWorkers"));

    private static EgressMessage Egress(Fields fields) => new(fields.OptionalTexts("allow"), fields.OptionalTexts("deny"));

    private static RemoteAgentRequest Remote(Fields fields) => new(
        fields.Name("host"), fields.Integer("port", 0), fields.Number("timeout", 0.15));
}
