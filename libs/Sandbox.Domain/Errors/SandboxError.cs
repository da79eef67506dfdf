using Sandbox.Contracts.Ids;

namespace Sandbox.Domain.Errors;

/// <summary>
/// Everything a caller can cause and act on. Each API turns it into its own wire form with one switch;
/// whatever is not here is a surprise and is thrown.
/// </summary>
public abstract record SandboxError
{
    private SandboxError()
    {
    }

    /// <summary>One sentence for people; never carries SQL, stack traces or secrets.</summary>
    public abstract string Text { get; }

    public sealed record NotFound(string Id) : SandboxError
    {
        public override string Text => $"Sandbox {Id} not found.";
    }

    public sealed record BadId(string Id) : SandboxError
    {
        public override string Text =>
            $"'{(Id.Length > 80 ? Id[..80] + "…" : Id)}' is not a sandbox id: 1 to {SandboxId.MaxLength} characters of A-Z a-z 0-9 _ . "
                + $"-, the first a letter or digit.";
    }

    public sealed record IdInUse(SandboxId Id) : SandboxError
    {
        public override string Text => $"Sandbox {Id} already exists.";
    }

    /// <param name="State">The name of what it is.</param>
    /// <param name="On">The name of what was to happen to it.</param>
    public sealed record WrongState(SandboxId Id, string State, string On) : SandboxError
    {
        public override string Text => $"Sandbox {Id} is {State}; {On} is not possible now.";
    }

    public sealed record ChangedMeanwhile(SandboxId Id) : SandboxError
    {
        public override string Text => $"Sandbox {Id} changed meanwhile; read it again.";
    }

    /// <summary>A field of the request asks for what cannot be.</summary>
    public sealed record BadSpec(string Field, string Reason) : SandboxError
    {
        public override string Text => $"{Field}: {Reason}";
    }

    /// <summary>No engine answers where the sandbox would run.</summary>
    public sealed record DockerUnavailable(string Reason) : SandboxError
    {
        public override string Text => $"Docker is not available. Please ensure Docker daemon is running. ({Reason})";
    }

    /// <summary>The sandbox is there, but its agent is not: still starting, or stopped.</summary>
    public sealed record NotStarted(SandboxId Id, string State) : SandboxError
    {
        public override string Text => $"Sandbox {Id} is not started ({State}).";
    }

    /// <summary>The sandbox runs, but its agent does not answer.</summary>
    public sealed record AgentUnreachable(SandboxId Id, string Reason) : SandboxError
    {
        /// <summary>Something answered, and not as an agent does.</summary>
        public bool Answered { get; init; }

        public override string Text => $"Sandbox {Id} does not answer: {Reason}";
    }

    /// <summary>A start ended before the agent answered.</summary>
    public sealed record StartFailed(SandboxId Id, string Phase, string Reason) : SandboxError
    {
        public override string Text => $"Sandbox {Id} failed to start in phase {Phase}: {Reason}";
    }

    /// <summary>Where sandboxes run here, this cannot be done at all.</summary>
    /// <param name="What">For example "restart".</param>
    public sealed record Unsupported(string What, string Reason) : SandboxError
    {
        public override string Text => $"{What} is not supported here: {Reason}";
    }

    /// <summary>Nothing of its log is kept now.</summary>
    public sealed record NoLog(SandboxId Id, string Reason) : SandboxError
    {
        public override string Text => $"There is no log of sandbox {Id}: {Reason}.";
    }

    /// <summary>The policy of this server forbids what was asked.</summary>
    public sealed record Forbidden(string Reason) : SandboxError
    {
        public override string Text => Reason;
    }

    /// <summary>It cannot be put into an archive, or be taken out of one.</summary>
    public sealed record CannotArchive(SandboxId Id, string Reason) : SandboxError
    {
        public override string Text => $"Sandbox {Id} cannot be archived or restored: {Reason}.";
    }

    /// <summary>An image of it is being made under another name.</summary>
    public sealed record CommitConflict(SandboxId Id, string ImageTag) : SandboxError
    {
        public override string Text => $"COMMIT_CONFLICT: sandbox {Id} is being committed as {ImageTag}.";
    }

    /// <summary>A commit that cannot begin, or of which nothing is known.</summary>
    /// <param name="Code">One of ROCK's.</param>
    public sealed record CommitRefused(string Code, string Reason) : SandboxError
    {
        /// <summary>What a commit of a sandbox is refused with that is not there, or is not the caller's.</summary>
        public static CommitRefused Unknown(SandboxId id) => new("SANDBOX_NOT_FOUND", new NotFound(id.ToString()).Text);

        public override string Text => $"{Code}: {Reason}";
    }

    /// <summary>The tenant has as much as it may have.</summary>
    /// <param name="What">Of what, for example "sandboxes".</param>
    /// <param name="RetryAfter">When it may be asked again; null: when something of it has ended.</param>
    public sealed record QuotaExceeded(string What, string Limit, TimeSpan? RetryAfter) : SandboxError
    {
        public override string Text => $"The quota of {What} is reached ({Limit}).";
    }

    /// <summary>No node can take it now, or ever.</summary>
    public sealed record NoCapacity(string Reason) : SandboxError
    {
        public override string Text => $"No capacity: {Reason}";
    }

    /// <summary>The process holds as many bodies and answers for callers as it may.</summary>
    /// <param name="IsDone">What was asked was done, and only its answer could not be held.</param>
    public sealed record Overloaded(bool IsDone) : SandboxError
    {
        public override string Text =>
            (IsDone ? "What was asked was done, but its answer is lost: the" : "The")
            + " server holds as many bodies and answers as it may (Api:MaxBuffered).";
    }

    /// <summary>Another process has this node's name.</summary>
    public sealed record NodeNameTaken(string Node) : SandboxError
    {
        public override string Text => $"Another process runs as node {Node}; give each node a name of its own (Worker:NodeName).";
    }
}
