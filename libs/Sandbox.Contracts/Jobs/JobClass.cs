namespace Sandbox.Contracts.Jobs;

/// <summary>Which slots of a node a job runs in, so that what is quick does not wait for what takes long. Stores keep the
/// numbers.</summary>
public enum JobClass
{
    /// <summary>Ends something: a stop, a removal.</summary>
    Stop = 0,

    /// <summary>Starts a container: a start whose image is present, a restart.</summary>
    Start = 1,

    /// <summary>Makes, sends or removes what a sandbox leaves: a commit, an archive.</summary>
    Archive = 2,

    /// <summary>Starts a container whose image has to be fetched first. No job begins in this class: a start moves here when it
    /// pulls.</summary>
    Pull = 3,
}
