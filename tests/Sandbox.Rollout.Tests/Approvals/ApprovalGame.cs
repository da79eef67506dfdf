using Sandbox.Rollout.Approvals;

namespace Sandbox.Rollout.Tests.Approvals;

/// <summary>
/// People who ask, consent, refuse and run, in any order and at once: each step is taken from the approval as it was read, and
/// written only if nobody wrote meanwhile, while plans change and time passes. Beside it, a judge who knows only what was written, and none
/// of the rules' code, says of each run whether it had a consent.
/// </summary>
internal sealed class ApprovalGame(ApprovalMutant mutant)
{
    private const string Requester = "ann";

    private static readonly string[] People = [Requester, "bob", "cid", ""];

    private static readonly string[] Plans = ["plan a", "plan b"];

    private static readonly DateTimeOffset Begin = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<int, Slot> _slots = [];
    private readonly Dictionary<int, Staged> _staged = [];
    private DateTimeOffset _now = Begin;
    private string _plan = Plans[0];

    /// <summary>What was wrong with a run that began; null as long as none was.</summary>
    public string? Violation { get; private set; }

    public int Runs { get; private set; }

    /// <param name="code">Chooses what happens, to which of three requests, by whom.</param>
    public void Step(int code)
    {
        var (kind, slot, person, bit) = (code % 12, code / 12 % 3, People[code / 36 % 4], code / 144 % 2 == 0);
        switch (kind)
        {
            case 0:
                Request(slot, needed: bit ? 1 : 2, isDestructive: person.Length == 0);
                break;
            case 1:
                _now += TimeSpan.FromMinutes(bit ? 10 : 40);
                break;
            case 2:
                _plan = Plans[bit ? 0 : 1];
                break;
            case 3 or 4 or 5 when _slots.TryGetValue(slot, out var found):
                var consent = new Consent(person, bit ? "needed" : "", _now);
                Stage(slot, person, found, approval => approval.Approve(consent, bit, _now), Said(person, bit));
                break;
            case 6 when _slots.TryGetValue(slot, out var found):
                var denial = new Consent(person, "no", _now);
                Stage(slot, person, found, approval => approval.Deny(denial, _now), judge => judge.Over = "denied");
                break;
            case 7 when _slots.TryGetValue(slot, out var found):
                var end = new Consent(person, "no more", _now);
                Stage(slot, person, found, approval => approval.Revoke(end, _now), judge => judge.Over = "revoked");
                break;
            case 8 or 9 when _slots.TryGetValue(slot, out var found):
                StageRun(slot, found);
                break;
            default:
                Write(code / 288 % 4);
                break;
        }
    }

    private void Request(int slot, int needed, bool isDestructive)
    {
        // A slot is asked for again only once the request in it is over: an id is never used twice.
        if (_slots.TryGetValue(slot, out var old)
            && old.Approval.StateAt(_now) is ApprovalState.Requested or ApprovalState.Approved)
        {
            return;
        }

        var approval = new Approval(Guid.NewGuid(), _plan, Requester, _now, _now + TimeSpan.FromHours(1))
        {
            Needed = needed,
            IsDestructive = isDestructive,
            AllowsOwnConsent = mutant is ApprovalMutant.OwnConsentAllowed,
        };
        _slots[slot] = new Slot(approval, new Judge(_plan, needed, isDestructive, approval.ExpiresAt));
    }

    private static Action<Judge> Said(string person, bool bit) => judge =>
    {
        if (person.Length > 0 && person != Requester && bit)
        {
            judge.Consents.Add(person);
        }
        else
        {
            judge.Bad = $"a consent of '{person}' without a name, a reason or an acknowledgement, or to their own request";
        }
    };

    private void Stage(
        int slot, string person, Slot found, Func<Approval, ApprovalOutcome> step, Action<Judge> tell)
    {
        if (step(found.Approval).TryGet(out var next, out _))
        {
            _staged[Array.IndexOf(People, person)] = new Staged(slot, found.Judge, next, tell, IsRun: false, _now, _plan);
        }
    }

    private void StageRun(int slot, Slot found)
    {
        var plan = mutant is ApprovalMutant.HashNotCompared ? found.Approval.PlanHash : _plan;
        if (found.Approval.Consume(plan, Guid.NewGuid(), _now).TryGet(out var next, out _))
        {
            _staged[0] = new Staged(slot, found.Judge, next, _ => { }, IsRun: true, _now, _plan);
        }
    }

    /// <summary>Writes what somebody read and decided, if it is still as they read it.</summary>
    private void Write(int who)
    {
        if (!_staged.Remove(who, out var staged) || _slots[staged.Slot] is not { } slot || slot.Judge != staged.Judge
            || slot.Approval.Version != staged.Next.Version - 1)
        {
            return;
        }

        var written = staged.IsRun && mutant is ApprovalMutant.UsedAgain ? staged.Next with { ConsumedBy = null } : staged.Next;
        _slots[staged.Slot] = slot with { Approval = written };
        staged.Tell(slot.Judge);
        if (staged.IsRun)
        {
            Runs++;
            Violation ??= slot.Judge.Run(staged.Plan, staged.At);
        }
    }

    /// <summary>What a person who reads the log would say.</summary>
    private sealed class Judge(string plan, int needed, bool isDestructive, DateTimeOffset expiresAt)
    {
        private bool _isUsed;

        public HashSet<string> Consents { get; } = [];

        public string? Over { get; set; }

        /// <summary>Only counts where it made the consent: a destructive plan, or any.</summary>
        public string? Bad { get; set; }

        public string? Run(string planNow, DateTimeOffset at)
        {
            var problem = _isUsed ? "a consent was used twice"
                : Bad ?? (planNow != plan ? "the plan was another one" : null)
                ?? (Consents.Count < needed ? $"{Consents.Count} of {needed} consented" : null)
                ?? (at >= expiresAt ? "the consent had expired" : null)
                ?? (Over is not null ? $"it was {Over}" : null);
            _isUsed = true;
            return problem is null ? null : $"a run began although {problem} (destructive: {isDestructive})";
        }
    }

    private sealed record Slot(Approval Approval, Judge Judge);

    private sealed record Staged(
        int Slot, Judge Judge, Approval Next, Action<Judge> Tell, bool IsRun, DateTimeOffset At, string Plan);
}
