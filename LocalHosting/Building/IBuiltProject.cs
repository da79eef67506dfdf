namespace LocalHosting;

/// <summary>Where the build put the program of a project; written beside the floor plan by <c>LocalHosting.targets</c>.</summary>
public interface IBuiltProject
{
    string ProgramPath { get; }
}
