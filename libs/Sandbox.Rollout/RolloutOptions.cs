using System.ComponentModel.DataAnnotations;
using Sandbox.Rollout.Approvals;

namespace Sandbox.Rollout;

/// <summary>Where rollouts keep their state, what they run, and what is asked of an approval.</summary>
public sealed class RolloutOptions
{
    public const string Section = "Rollout";

    /// <summary>Folder of the rollouts' state, mode 0700, which outlives the process; empty: this process runs none.</summary>
    public string StateFolder { get; set; } = "";

    /// <summary>Ansible's inventory; empty: <c>inventory.ini</c> in the state folder.</summary>
    public string Inventory { get; set; } = "";

    /// <summary>Folder of the playbooks; empty: those that come with the program.</summary>
    public string PlaybookFolder { get; set; } = "";

    /// <summary>Folder of <c>ansible-playbook</c> and <c>ansible-inventory</c>; empty: they are found on the path.</summary>
    public string AnsibleFolder { get; set; } = "";

    /// <summary>How many different people must approve a plan.</summary>
    [Range(1, 100)]
    public int ApprovalsNeeded { get; set; } = 1;

    /// <summary>Who asks for an approval may give it: for one person at their own machine.</summary>
    public bool AllowsOwnApproval { get; set; }

    /// <summary>From the request of an approval until it can neither be given nor used.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan ApprovalGoodFor { get; set; } = TimeSpan.FromHours(8);

    /// <summary>From the moment that a run's processes are told to end until they are killed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StopPatience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Lets webhooks be at private addresses and loopback, and speak HTTP without TLS. Without it, every address that a webhook's
    /// host has must be public.</summary>
    public bool AllowPrivateWebhooks { get; set; }

    internal ApprovalPolicy ToPolicy() =>
        new() { Needed = ApprovalsNeeded, AllowsOwnConsent = AllowsOwnApproval, GoodFor = ApprovalGoodFor };
}
