using System;
using System.Reflection;
using System.Reflection.Emit;

namespace Overlay.Linux.Tests.Layout;

/// <summary>Sizes and offsets as pointers see them: Marshal.SizeOf and OffsetOf describe the marshalled form.</summary>
internal static class MemoryLayout
{
    /// <summary>Bytes of a value of this type.</summary>
    internal static long SizeOf(Type type)
    {
        var method = new DynamicMethod("SizeOf", typeof(int), [], typeof(MemoryLayout), skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Sizeof, type);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int>>()();
    }

    /// <summary>Where a field begins, in bytes from its struct's start.</summary>
    internal static long OffsetOf(Type type, FieldInfo field)
    {
        var method = new DynamicMethod("OffsetOf", typeof(int), [], typeof(MemoryLayout), skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.DeclareLocal(type);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Ldflda, field);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Conv_I4);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int>>()();
    }
}
