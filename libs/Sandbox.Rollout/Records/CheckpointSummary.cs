namespace Sandbox.Rollout.Records;

/// <summary>What the last run of a checkpoint came to on all of its machines together.</summary>
public sealed record CheckpointSummary(string Checkpoint, RecordStatus Status, IReadOnlyList<CheckpointRecord> Records)
{
    public int Passed => Records.Count(record => record.Status is RecordStatus.Passed);

    /// <param name="records">Those of this checkpoint.</param>
    public static CheckpointSummary Of(string checkpoint, IReadOnlyList<CheckpointRecord> records, bool isRunning) => new(
        checkpoint,
        isRunning ? RecordStatus.InProgress
            : records.Count == 0 ? RecordStatus.NotFound
            : records.Any(record => record.Status is RecordStatus.Failed) ? RecordStatus.Failed
            : records.All(record => record.Status is RecordStatus.Skipped) ? RecordStatus.Skipped
            : RecordStatus.Passed,
        records);
}
