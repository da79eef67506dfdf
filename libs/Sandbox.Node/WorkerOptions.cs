using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Specs;

namespace Sandbox.Node;

/// <summary>One node. Bound from section <c>Worker</c>, checked at start.</summary>
public sealed class WorkerOptions : IValidatableObject
{
    public const string Section = "Worker";

    /// <summary>Folder for sockets, local sandboxes and the like. The sockets' paths must stay under 108 bytes, so a short one.</summary>
    [Required]
    public string DataFolder { get; set; } = "";

    /// <summary>Written into every container's labels; a sweep touches only its own cluster's containers.</summary>
    [Required]
    public string ClusterId { get; set; } = "";

    /// <summary>Name of this node in records and labels.</summary>
    [Required]
    public string NodeName { get; set; } = System.Environment.MachineName;

    /// <summary>This process is the whole cluster: what carries the cluster's label is its own, whatever node made it.</summary>
    internal bool IsOnlyNode { get; set; } = true;

    /// <summary>Folder with <c>linux-x64/sandbox-agent</c> and <c>linux-arm64/sandbox-agent</c> (static native binaries).</summary>
    public string AgentFolder { get; set; } = "";

    /// <summary>The agents are put into the data folder at the start, and mounted from there: for a node in a container, whose
    /// <see cref="AgentFolder"/> the engine does not see while it shares its data folder with the machine.</summary>
    public bool CopiesAgent { get; set; }

    /// <summary>The agent as an ordinary .NET program (a .dll), for Local where the native one could not be built.</summary>
    public string ManagedAgent { get; set; } = "";

    /// <summary><c>auto</c>, <c>docker</c> or <c>local</c>.</summary>
    [RegularExpression("auto|docker|local")]
    public string Deployment { get; set; } = "auto";

    /// <summary>Address of the engine; empty: <c>DOCKER_HOST</c> or the platform's default.</summary>
    public string DockerHost { get; set; } = "";

    /// <summary>Name of the engine's runtime for the containers of sandboxes that are neither privileged nor of the kata runtime, for
    /// example <c>runsc</c> (gVisor, which needs <c>--host-uds=open</c>). Empty: the engine's default.</summary>
    public string Runtime { get; set; } = "";

    /// <summary>Name of the engine's runtime for sandboxes that ask for kata. Default io.containerd.kata.v2.</summary>
    [Required]
    public string KataRuntime { get; set; } = "io.containerd.kata.v2";

    /// <summary><c>required</c>: an engine that gives containers the machine's own users (no <c>userns-remap</c>, not rootless) runs no
    /// sandbox. <c>preferred</c>: it does. Default: preferred.</summary>
    [RegularExpression("required|preferred")]
    public string UserNamespaces { get; set; } = "preferred";

    /// <summary>The GPUs that this node gives to sandboxes, as the engine's GPU runtime calls them: numbers or UUIDs. Each is given to one
    /// running sandbox at a time. Empty: all that this machine shows as <c>/dev/nvidia0</c>, <c>/dev/nvidia1</c>, … Nodes that share an
    /// engine need lists that share no GPU.</summary>
    public IReadOnlyList<string> Gpus { get; set; } = [];

    /// <summary>Folders of this machine with engines' programs and models, by absolute path. Sandboxes that run an engine see them under
    /// the same path, read-only, whatever tenant they belong to; no other sandbox does.</summary>
    public IReadOnlyList<string> ModelFolders { get; set; } = [];

    /// <summary>False: it was told to run local processes only, and never asks an engine.</summary>
    internal bool AsksEngine => Deployment is not "local";

    /// <summary>It asks for what no other deployment than Docker gives.</summary>
    internal bool DemandsDocker => Runtime.Length > 0 || UserNamespaces is "required";

    /// <summary>IPv4 addresses of the networks that this node makes for its sandboxes, a network of 253 sandboxes out of each 256. Between
    /// /12 and /24. What the machine or its engine uses already is left out. Default 10.213.0.0/16.</summary>
    [RegularExpression(@"\d{1,3}(\.\d{1,3}){3}/(1[2-9]|2[0-4])")]
    public string NetworkPool { get; set; } = "10.213.0.0/16";

    /// <summary>File with the tokens of agents that already run elsewhere, a line <c>host:port token</c> each: a token goes to
    /// its own agent only. Empty: none.</summary>
    public string RemoteTokenFile { get; set; } = "";

    /// <summary>How long an agent that runs elsewhere may leave questions unanswered before its sandbox is lost. Default 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "24:00:00")]
    public TimeSpan RemoteLostAfter { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Address and port where agents that no Unix socket reaches (pods) dial in, for example <c>0.0.0.0:7070</c>. Empty: none
    /// may. Each shows a token of its own; the connections are not encrypted.</summary>
    public string AgentListen { get; set; } = "";

    /// <summary>File with at least 32 random bytes that those tokens are computed from; the same on each node that may become
    /// their owner. This or <see cref="AgentSecret"/> is needed with <see cref="AgentListen"/>.</summary>
    public string AgentSecretFile { get; set; } = "";

    /// <summary>The same, given itself: at least 32 bytes of random text, for a place that has variables and no files.</summary>
    public string AgentSecret { get; set; } = "";

    /// <summary>Runs Local sandboxes without bubblewrap, visible to and able to touch everything this user can.</summary>
    public bool AllowUnisolated { get; set; }

    /// <summary>Most that the images which sandboxes' starts pulled may take of the engine's disk together; above it those go that no
    /// sandbox was started from for longest. Looked at after each pull, and every ten minutes. Default 64g.</summary>
    [Required]
    [Size]
    public string ImageCache { get; set; } = "64g";

    /// <summary>Jobs of one class run at once. The classes are stops and removals, starts, starts that fetch their image, and commits and
    /// archives; none waits for another. A tenant takes one more while it has fewer than three times as many as are free, so of 16 it
    /// gets 12 alone.</summary>
    [Range(1, 256)]
    public int Concurrency { get; set; } = 16;

    /// <summary>Longest time in which nothing of an image moves while its registry has the turn; then its pull or push has failed. Default
    /// 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan TransferSilence { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a job is tried; then it is a dead letter, and its sandbox leaves its transient state. Default 20,
    /// which with the default pauses is between two and three minutes.</summary>
    [Range(1, 1000)]
    public int JobAttempts { get; set; } = 20;

    /// <summary>Pause after the first failure of a job; each further one is twice as long. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan FirstJobPause { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause between two attempts. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan LongestJobPause { get; set; } = TimeSpan.FromSeconds(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => ModelFolders
        .Where(folder => !Path.IsPathFullyQualified(folder) || Path.GetFullPath(folder) != folder || folder is "/")
        .Select(folder => new ValidationResult(
            $"{nameof(ModelFolders)}: '{folder}' must be the absolute path of a folder, without . and .. and a slash at its end.",
            [nameof(ModelFolders)]));
}

[OptionsValidator]
internal sealed partial class WorkerOptionsValidator : IValidateOptions<WorkerOptions>;
