namespace Sandbox.Rollout.Tests.Approvals;

/// <summary>A safeguard that is taken out, to see that the judge notices.</summary>
internal enum ApprovalMutant
{
    None,
    UsedAgain,
    HashNotCompared,
    OwnConsentAllowed,
}
