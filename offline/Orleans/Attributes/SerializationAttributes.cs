namespace Orleans;

/// <summary>Which members travel without an <see cref="IdAttribute"/>.</summary>
public enum GenerateFieldIds
{
    /// <summary>None.</summary>
    None,

    /// <summary>Public properties.</summary>
    PublicProperties,
}

/// <summary>
/// The type may be an argument, a result or state: its members with an <see cref="IdAttribute"/> travel, and those that a
/// record's primary constructor declares.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
public sealed class GenerateSerializerAttribute : Attribute
{
    /// <summary>Which members travel without an <see cref="IdAttribute"/>.</summary>
    public GenerateFieldIds GenerateFieldIds { get; init; }

    /// <summary>Whether the parameters of the primary constructor travel. Default: for records.</summary>
    public bool IncludePrimaryConstructorParameters { get; init; }
}

/// <summary>The member travels under this number, unique within its type.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method
    | AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter)]
public sealed class IdAttribute(uint id) : Attribute
{
    /// <summary>The number.</summary>
    public uint Id { get; } = id;
}

/// <summary>A name on the wire that outlives renames in the code.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method
    | AttributeTargets.Interface, AllowMultiple = true)]
public sealed class AliasAttribute(string alias) : Attribute
{
    /// <summary>The name.</summary>
    public string Alias { get; } = alias;
}

/// <summary>Nobody changes it after it was put into a message, so it is handed over without a copy.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Property | AttributeTargets.Field
    | AttributeTargets.Parameter | AttributeTargets.ReturnValue, Inherited = false)]
public sealed class ImmutableAttribute : Attribute;

/// <summary>The type needs no tracking of repeated references.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SuppressReferenceTrackingAttribute : Attribute;
