using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>The grain classes of this silo, made when they are first asked for: options may still change until then.</summary>
internal sealed class HostedClasses(IOptions<GrainTypeOptions> types, IOptions<GrainCollectionOptions> collection)
{
    public GrainClasses Classes => field ??= new GrainClasses(types.Value.Classes.Select(type => new GrainClass(type, collection.Value)));

    public IReadOnlyList<ClassDescription> Descriptions => field ??= Classes.Describe();
}
