using Microsoft.Extensions.Options;
using Sandbox.Storage.Archives;

namespace Sandbox.Storage.Tests.Archives;

public sealed class ArchiveOptionsTests
{
    [Theory]
    [InlineData("sandbox-archives", null)]
    [InlineData("No_Bucket", "Bucket is 3 to 63 characters")]
    [InlineData("", "Bucket must be given")]
    public void S3_WithThisBucket_CanBeUsedOrSaysWhyNot(string bucket, string? problem) =>
        Judge(new ArchiveOptions { Store = "s3", Endpoint = "minio:9000", AccessKey = "a", SecretKey = "s", Bucket = bucket }, problem);

    [Theory]
    [InlineData("registry.example:5000/sandboxes", null)]
    [InlineData("localhost:5000/team/archives", null)]
    [InlineData("sandboxes", "Repository is a registry and a path in it")]
    [InlineData("registry.example/Sandboxes", "Repository is a registry and a path in it")]
    [InlineData("", "Repository must be given")]
    public void Registry_WithThisRepository_CanBeUsedOrSaysWhyNot(string repository, string? problem) =>
        Judge(new ArchiveOptions { Store = "registry", Repository = repository }, problem);

    private static void Judge(ArchiveOptions options, string? problem)
    {
        var result = new ArchiveOptionsValidator().Validate(Options.DefaultName, options);

        Assert.True(problem is null == result.Succeeded, $"it was to be {problem ?? "good"}, and the answer is: {result.FailureMessage}");
        Assert.Contains(problem ?? "", result.FailureMessage ?? "", StringComparison.Ordinal);
    }
}
