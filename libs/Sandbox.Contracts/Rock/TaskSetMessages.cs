using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Rock;

/// <summary>Body of <c>POST /ops/tasksets</c>; the whole body may be left out.</summary>
public sealed record TaskSetRequest(TaskSetSpec Spec);

/// <param name="TaskTypes">Null: all that there are.</param>
/// <param name="TargetWorkers">By name or address; null: all.</param>
public sealed record TaskSetSpec(
    [property: JsonPropertyName("taskTypes")] IReadOnlyList<string>? TaskTypes,
    [property: JsonPropertyName("targetWorkers")] IReadOnlyList<string>? TargetWorkers);

/// <summary>Maintenance tasks that were asked for together.</summary>
public sealed record TaskSet(TaskSetMetadata Metadata, TaskSetSpec Spec, TaskSetStatus Status, IReadOnlyList<TaskSetTask> Tasks);

/// <param name="TasksetId">Empty where nothing was begun.</param>
public sealed record TaskSetMetadata(
    [property: JsonPropertyName("tasksetId")] string TasksetId,
    [property: JsonPropertyName("creationTimestamp")] string? CreationTimestamp);

/// <param name="Phase">One of <see cref="TaskSetPhases"/>.</param>
/// <param name="AssignedPod">Always null: each node does its own part.</param>
/// <param name="Active">Tasks that run.</param>
/// <param name="Conditions">What there is to say about it, for people.</param>
public sealed record TaskSetStatus(
    string Phase, [property: JsonPropertyName("assignedPod")] string? AssignedPod, int Active, int Succeeded, int Failed,
    [property: JsonPropertyName("startTime")] string? StartTime,
    [property: JsonPropertyName("completionTime")] string? CompletionTime, IReadOnlyList<string> Conditions);

/// <summary>One of its tasks, on all the nodes that do it.</summary>
public sealed record TaskSetTask(TaskSetTaskMetadata Metadata, TaskSetTaskSpec Spec, TaskSetTaskStatus Status);

public sealed record TaskSetTaskMetadata(
    [property: JsonPropertyName("taskId")] string TaskId, [property: JsonPropertyName("tasksetId")] string TasksetId,
    [property: JsonPropertyName("creationTimestamp")] string CreationTimestamp);

public sealed record TaskSetTaskSpec(
    [property: JsonPropertyName("taskType")] string TaskType,
    [property: JsonPropertyName("targetWorkers")] IReadOnlyList<string> TargetWorkers);

/// <param name="Status">By node: what it did, how far it is, or why it failed.</param>
public sealed record TaskSetTaskStatus(
    string Phase, [property: JsonPropertyName("startTime")] string StartTime,
    [property: JsonPropertyName("completionTime")] string? CompletionTime, IReadOnlyList<string> Conditions,
    IReadOnlyDictionary<string, string> Status);
