namespace Sandbox.Serving.Cml.Rest;

/// <summary>Why a call of Cloudera ML did not do what it was asked.</summary>
public enum CmlError
{
    /// <summary>401 or 403: the key is wrong, over, or may not do it.</summary>
    Unauthorized,

    /// <summary>404.</summary>
    NotFound,

    /// <summary>Any other answer that is no success, a redirection among them.</summary>
    Refused,

    /// <summary>500 or above.</summary>
    ServerFailed,

    /// <summary>It answered with success, and not with what was asked for.</summary>
    InvalidAnswer,

    /// <summary>No answer in time, or what was waited for did not happen in time.</summary>
    Timeout,

    /// <summary>No connection.</summary>
    Unreachable,

    /// <summary>What was started there has failed: a clone, a job, an application.</summary>
    Failed,
}
