using Microsoft.Extensions.Options;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Rollout;

namespace Sandbox.Storage;

[OptionsValidator]
internal sealed partial class SpecLimitsValidator : IValidateOptions<SpecLimits>;

[OptionsValidator]
internal sealed partial class LifecycleOptionsValidator : IValidateOptions<LifecycleOptions>;

[OptionsValidator]
internal sealed partial class OperatorOptionsValidator : IValidateOptions<OperatorOptions>;

[OptionsValidator]
internal sealed partial class ImagePolicyValidator : IValidateOptions<ImagePolicy>;

[OptionsValidator]
internal sealed partial class SecurityPolicyValidator : IValidateOptions<SecurityPolicy>;

[OptionsValidator]
internal sealed partial class RolloutOptionsValidator : IValidateOptions<RolloutOptions>;

[OptionsValidator]
internal sealed partial class StartOptionsValidator : IValidateOptions<StartOptions>;
