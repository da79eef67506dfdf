namespace AppHost.Starting;

/// <summary>Why a stack that was being brought up ended by itself.</summary>
internal sealed class StartOutcome
{
    /// <summary>Null: it did not, or was asked to.</summary>
    public string? Failure { get; set; }
}
