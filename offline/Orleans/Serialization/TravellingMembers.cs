using System.Reflection;

namespace Orleans.Serialization;

/// <summary>
/// One member that travels: a field, or a property without a field of its own. Its id is unique within its level: the base class
/// before the derived one, and in each what a record's primary constructor declares, without ids, before the rest.
/// </summary>
internal readonly record struct TravellingMember(FieldInfo? Field, PropertyInfo? Property, bool IsImmutable, int Level, uint Id)
{
    public Type Type => Field?.FieldType ?? Property!.PropertyType;
}

/// <summary>
/// The members of a type that travel: those with an <see cref="IdAttribute"/>, those that a record's primary constructor
/// declares, and those of base types that travel too. All others begin anew on the other side.
/// </summary>
internal static class TravellingMembers
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>The members, by level and id.</summary>
    /// <exception cref="CodecNotFoundException">Two members of one level have the same id.</exception>
    public static List<TravellingMember> Of(Type type)
    {
        var levels = new Stack<(Type Type, GenerateSerializerAttribute Attribute)>();
        for (var level = type; level?.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is { } attribute; level = level.BaseType)
            levels.Push((level, attribute));
        var members = new List<TravellingMember>();
        var number = 0;
        foreach (var (level, attribute) in levels)
        {
            var own = OfLevel(level, attribute);
            if (own.Any(it => it.IsPrimary)) number++;
            members.AddRange(own.Select(it => it.Member with { Level = it.IsPrimary ? number - 1 : number }).OrderBy(it => it.Level).ThenBy(it => it.Id));
            number++;
        }

        for (var index = 1; index < members.Count; index++)
        {
            var (one, next) = (members[index - 1], members[index]);
            if (one.Level == next.Level && one.Id == next.Id)
                throw new CodecNotFoundException($"Type {type} cannot travel: two of its members have the id {one.Id}.");
        }

        return members;
    }

    private static List<(TravellingMember Member, bool IsPrimary)> OfLevel(Type type, GenerateSerializerAttribute attribute)
    {
        var members = new List<(TravellingMember, bool)>();
        var primary = IsRecord(type) || attribute.IncludePrimaryConstructorParameters ? PrimaryParameters(type) : [];
        foreach (var field in type.GetFields(Own))
        {
            if (field.GetCustomAttribute<IdAttribute>() is { } id) members.Add((new TravellingMember(field, null, IsImmutable(field), 0, id.Id), false));
        }

        foreach (var property in type.GetProperties(Own).Where(property => property.GetIndexParameters().Length == 0))
        {
            var id = property.GetCustomAttribute<IdAttribute>();
            var parameter = primary.FirstOrDefault(it => it.Name == property.Name && it.ParameterType == property.PropertyType);
            var all = attribute.GenerateFieldIds == GenerateFieldIds.PublicProperties && property.GetMethod is { IsPublic: true };
            if (id is null && parameter is null && !all) continue;
            var backing = type.GetField($"<{property.Name}>k__BackingField", Own);
            if (backing is null && property is not { GetMethod: not null, SetMethod: not null }) continue;
            var number = id?.Id ?? (uint?)parameter?.Position ?? (uint)WireHash.Of(property.Name);
            var isImmutable = IsImmutable(property) || (parameter?.IsDefined(typeof(ImmutableAttribute)) ?? false);
            members.Add((new TravellingMember(backing, backing is null ? property : null, isImmutable, 0, number), id is null && parameter is not null));
        }

        return members;
    }

    private static bool IsImmutable(MemberInfo member) => member.IsDefined(typeof(ImmutableAttribute));

    private static bool IsRecord(Type type) =>
        type.GetMethod("<Clone>$") is not null || (type.IsValueType && type.GetMethod("PrintMembers", Own) is not null);

    // The compiler gives a record with a primary constructor a property per parameter, and no other constructor can say so.
    private static ParameterInfo[] PrimaryParameters(Type type) => type.GetConstructors(Own)
        .Select(constructor => constructor.GetParameters())
        .Where(parameters => parameters.Length > 0 && !(parameters.Length == 1 && parameters[0].ParameterType == type)
            && parameters.All(parameter => type.GetProperty(parameter.Name!) is { } property && property.PropertyType == parameter.ParameterType))
        .MaxBy(parameters => parameters.Length) ?? [];
}
