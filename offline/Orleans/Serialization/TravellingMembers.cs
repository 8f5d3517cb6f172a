using System.Reflection;

namespace Orleans.Serialization;

/// <summary>One member that travels: a field, or a property without a field of its own.</summary>
internal readonly record struct TravellingMember(FieldInfo? Field, PropertyInfo? Property, bool IsImmutable)
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

    public static List<TravellingMember> Of(Type type)
    {
        var members = new List<TravellingMember>();
        for (var level = type; level is not null && level.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is { } attribute; level = level.BaseType)
            AddOwn(level, attribute, members);
        return members;
    }

    private static void AddOwn(Type type, GenerateSerializerAttribute attribute, List<TravellingMember> members)
    {
        var primary = IsRecord(type) || attribute.IncludePrimaryConstructorParameters ? PrimaryParameters(type) : [];
        foreach (var field in type.GetFields(Own))
        {
            if (field.IsDefined(typeof(IdAttribute))) members.Add(new TravellingMember(field, null, IsImmutable(field)));
        }

        foreach (var property in type.GetProperties(Own).Where(property => property.GetIndexParameters().Length == 0))
        {
            var parameter = primary.FirstOrDefault(it => it.Name == property.Name && it.ParameterType == property.PropertyType);
            var all = attribute.GenerateFieldIds == GenerateFieldIds.PublicProperties && property.GetMethod is { IsPublic: true };
            if (!property.IsDefined(typeof(IdAttribute)) && parameter is null && !all) continue;
            var backing = type.GetField($"<{property.Name}>k__BackingField", Own);
            var isImmutable = IsImmutable(property) || (parameter?.IsDefined(typeof(ImmutableAttribute)) ?? false);
            if (backing is not null) members.Add(new TravellingMember(backing, null, isImmutable));
            else if (property is { GetMethod: not null, SetMethod: not null }) members.Add(new TravellingMember(null, property, isImmutable));
        }
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
