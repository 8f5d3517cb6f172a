using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Serialization;

internal delegate void MembersWriter<T>(WireWriter writer, ref T value);

internal delegate void MemberReader<T>(WireReader reader, ref T value, WireTag tag, int member);

/// <summary>
/// Writes and reads the members of a type, by accessors compiled once. Fields are known by level and id: one that is not known here
/// is passed over, and one that is missing keeps what the new object had.
/// </summary>
internal sealed class MemberCodec<T>
{
    private readonly ulong[] _keys;
    private readonly MembersWriter<T> _write;
    private readonly MemberReader<T> _read;

    /// <param name="members">By level and id.</param>
    public MemberCodec(List<TravellingMember> members)
    {
        _keys = [.. members.Select(member => Key(member.Level, member.Id))];
        _write = CompileWriter(members);
        _read = CompileReader(members);
    }

    /// <summary>Writes the members of all levels, without the end of the object.</summary>
    public void Write(WireWriter writer, ref T value) => _write(writer, ref value);

    /// <summary>Reads members up to the end of the object, which it takes.</summary>
    public void Read(WireReader reader, ref T value)
    {
        var level = 0;
        var id = 0u;
        var expected = 0;
        while (true)
        {
            var tag = reader.ReadTag();
            if (tag.IsEnd) return;
            if (tag.IsEndBase)
            {
                level++;
                id = 0;
                continue;
            }

            id += tag.Delta;
            // Usually the next one that is known here.
            var key = Key(level, id);
            var member = expected < _keys.Length && _keys[expected] == key ? expected : Array.BinarySearch(_keys, key);
            if (member < 0)
            {
                reader.Skip(tag);
                continue;
            }

            _read(reader, ref value, tag, member);
            expected = member + 1;
        }
    }

    private static ulong Key(int level, uint id) => ((ulong)level << 32) | id;

    private static MembersWriter<T> CompileWriter(List<TravellingMember> members)
    {
        var type = typeof(T);
        var stub = new DynamicMethod(
            $"Write {type}", null, [typeof(WireWriter), type.MakeByRefType()], typeof(MemberCodec<T>).Module, skipVisibility: true);
        var code = stub.GetILGenerator();
        var level = 0;
        var id = 0u;
        foreach (var member in members)
        {
            for (; level < member.Level; level++)
            {
                id = 0;
                code.Emit(OpCodes.Ldarg_0);
                code.Emit(OpCodes.Call, typeof(WireWriter).GetMethod(nameof(WireWriter.EndBase))!);
            }

            code.Emit(OpCodes.Ldarg_0);
            code.Emit(OpCodes.Ldc_I4, unchecked((int)(member.Id - id)));
            EmitTarget(code);
            if (member.Field is not null) code.Emit(OpCodes.Ldfld, member.Field);
            else code.Emit(type.IsValueType ? OpCodes.Call : OpCodes.Callvirt, member.Property!.GetMethod!);
            code.Emit(OpCodes.Call, CodecMethod(member.Type, nameof(CodecOf<T>.Write)));
            id = member.Id;
        }

        code.Emit(OpCodes.Ret);
        return stub.CreateDelegate<MembersWriter<T>>();
    }

    private static MemberReader<T> CompileReader(List<TravellingMember> members)
    {
        var type = typeof(T);
        var stub = new DynamicMethod(
            $"Read {type}", null, [typeof(WireReader), type.MakeByRefType(), typeof(WireTag), typeof(int)],
            typeof(MemberCodec<T>).Module, skipVisibility: true);
        var code = stub.GetILGenerator();
        var cases = members.Select(_ => code.DefineLabel()).ToArray();
        code.Emit(OpCodes.Ldarg_3);
        code.Emit(OpCodes.Switch, cases);
        code.Emit(OpCodes.Ret);
        for (var index = 0; index < cases.Length; index++)
        {
            var member = members[index];
            code.MarkLabel(cases[index]);
            EmitTarget(code);
            code.Emit(OpCodes.Ldarg_0);
            code.Emit(OpCodes.Ldarg_2);
            code.Emit(OpCodes.Call, CodecMethod(member.Type, nameof(CodecOf<T>.Read)));
            if (member.Field is not null) code.Emit(OpCodes.Stfld, member.Field);
            else code.Emit(type.IsValueType ? OpCodes.Call : OpCodes.Callvirt, member.Property!.SetMethod!);
            code.Emit(OpCodes.Ret);
        }

        return stub.CreateDelegate<MemberReader<T>>();
    }

    private static void EmitTarget(ILGenerator code)
    {
        code.Emit(OpCodes.Ldarg_1);
        if (!typeof(T).IsValueType) code.Emit(OpCodes.Ldind_Ref);
    }

    private static MethodInfo CodecMethod(Type type, string name) => typeof(CodecOf<>).MakeGenericType(type).GetMethod(name)!;
}
