namespace Sandbox.Serving.Cml.Rest;

/// <param name="GitUrl">Without credentials: each reader of the project sees it.</param>
public sealed record NewProject(string Name, string Description, string GitUrl)
{
    public string Template { get; } = "git";

    public string ProjectVisibility { get; } = "private";
}
