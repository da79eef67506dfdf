using Microsoft.Extensions.Options;
using Sandbox.Domain.Policies;

namespace Sandbox.Storage.Operators;

[OptionsValidator]
internal sealed partial class SpecLimitsValidator : IValidateOptions<SpecLimits>;

[OptionsValidator]
internal sealed partial class LifecycleOptionsValidator : IValidateOptions<LifecycleOptions>;
