// A C interface over libtorch's dispatcher: every ATen operator is reached through tc_find and tc_call.
// Rules that hold for every function here:
//  - it returns 0, or 1 with a message in tc_last_error (kept per thread); no C++ exception leaves this file;
//  - a tensor handle is a TensorImpl* that owns one reference, given back by tc_tensor_release;
//  - handles passed in are borrowed: the caller keeps them alive until the function returns.
// Compiles against libtorch 1.13 to 2.x; with -DTC_CUDA the memory figures of CUDA devices are read too.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/jit_type.h>
#include <ATen/core/stack.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Logging.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/jit/serialization/pickle.h>
#include <torch/version.h>
#ifdef TC_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define TC_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using Impl = c10::TensorImpl;
using Handle = c10::intrusive_ptr<Impl, c10::UndefinedTensorImpl>;
using c10::TypeKind;
// c10::optional in libtorch 1.13, std::optional later.
using OptionalTensor = decltype(std::declval<const c10::IValue&>().toOptional<at::Tensor>());

enum Tag : int32_t {
    kNone, kTensor, kInt, kDouble, kBool, kIntList, kDoubleList, kBoolList, kTensorList, kString, kDevice
};

// One argument or one result. Lists point to `length` elements; a device is (type << 32) | (index as 32 bits).
struct Value {
    int32_t tag;
    int32_t length;
    union {
        int64_t integer;
        double real;
        void* pointer;
    };
};
static_assert(sizeof(Value) == 16, "the managed side lays Value out in 16 bytes");

// What an argument may hold, decided once per operator from its schema. Some kernels divide by these numbers or
// size their loops with them before they look, which would end the process; so their range is checked here.
enum Range : uint8_t { kAny, kPositive, kNatural, kScale, kScalarType, kLayout, kMemoryFormat };

struct Argument {
    TypeKind kind;
    TypeKind element;
    bool optional;
    bool optionalElement;
    Range range;
    const char* name;
};

struct Operator {
    c10::OperatorHandle handle;
    std::string name;
    std::vector<Argument> arguments;
};

thread_local std::string lastError;

#ifdef __GLIBC__
// A training step allocates and frees the same large activations over and over. The C library would give them back to the
// kernel each time and fetch them page by page again (measured 12 % of a step), and would not share them between threads.
__attribute__((constructor)) void keepMemory() {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 2000000000);
    mallopt(M_TOP_PAD, 64 << 20);
    mallopt(M_ARENA_MAX, 1);
}
#endif

// Nobody reads libtorch's own stack traces here, and to fetch one takes a hundred times as long as a small operator.
const bool withoutTraces = [] {
    c10::SetStackTraceFetcher(std::function<std::string()>([] { return std::string(); }));
    return true;
}();

int fail(const char* message) {
    lastError = message;
    return 1;
}

template <typename F>
int guarded(F&& body) noexcept {
    try {
        body();
        return 0;
    } catch (const c10::Error& e) {
        try { return fail(e.what_without_backtrace()); } catch (...) { return 1; }
    } catch (const std::exception& e) {
        try { return fail(e.what()); } catch (...) { return 1; }
    } catch (...) {
        try { return fail("libtorch threw something that is not an exception."); } catch (...) { return 1; }
    }
}

at::Tensor borrow(void* handle) {
    TORCH_CHECK(handle != nullptr, "a tensor handle is null.");
    return at::Tensor(Handle::reclaim_copy(static_cast<Impl*>(handle)));
}

void* give(at::Tensor tensor) {
    return tensor.defined() ? tensor.unsafeReleaseTensorImpl() : nullptr;
}

Impl* impl(void* handle) {
    TORCH_CHECK(handle != nullptr, "a tensor handle is null.");
    return static_cast<Impl*>(handle);
}

c10::Device unpackDevice(int64_t packed) {
    const auto type = packed >> 32;
    const auto index = static_cast<int32_t>(packed & 0xffffffff);
    constexpr auto types = static_cast<int64_t>(c10::DeviceType::COMPILE_TIME_MAX_DEVICE_TYPES);
    TORCH_CHECK(type >= 0 && type < types, "expected a device type from 0 to ", types - 1, ", found ", type, ".");
    TORCH_CHECK(index >= -1 && index < 128, "expected a device index from -1 to 127, found ", index, ".");
    return c10::Device(static_cast<c10::DeviceType>(type), static_cast<c10::DeviceIndex>(index));
}

int64_t packDevice(c10::Device device) {
    return (static_cast<int64_t>(device.type()) << 32) | static_cast<uint32_t>(static_cast<int32_t>(device.index()));
}

const char* describe(int32_t tag) {
    static const char* const names[] = {"nothing", "a tensor", "an integer", "a number", "a boolean",
                                        "integers", "numbers", "booleans", "tensors", "a string", "a device"};
    return tag >= 0 && tag <= kDevice ? names[tag] : "an unknown kind";
}

// libtorch 1.13 shows SymInt in the schema; later versions show Int and keep SymInt as the real type.
bool isInteger(TypeKind kind) { return kind == TypeKind::IntType || kind == TypeKind::SymIntType; }

Range rangeOf(const std::string& op, const c10::Argument& argument) {
    auto real = argument.real_type();
    if (real->kind() == TypeKind::OptionalType) real = real->castRaw<c10::OptionalType>()->getElementType();
    switch (real->kind()) {
        case TypeKind::ScalarTypeType: return kScalarType;
        case TypeKind::LayoutType: return kLayout;
        case TypeKind::MemoryFormatType: return kMemoryFormat;
        default: break;
    }
    const auto& name = argument.name();
    const bool strided = op.find("strided") != std::string::npos;
    if (name == "dtype") return kScalarType;
    if (name == "memory_format") return kMemoryFormat;
    if (name == "layout") return kLayout;
    if (name == "kernel_size" || name == "dilation" || name == "groups" || name == "upscale_factor" ||
        name == "downscale_factor" || name == "num_groups") return kPositive;
    if (name == "stride" && !strided) return kPositive;
    if (name == "output_size" || name == "output_padding") return kNatural;
    if (name == "scale_factors" || name == "scales" || name == "scales_d" || name == "scales_h" || name == "scales_w")
        return kScale;
    return kAny;
}

[[noreturn]] void refuse(const Operator& op, const Argument& argument, const std::string& expected,
                         const std::string& found) {
    TORCH_CHECK(false, op.name, ": argument '", argument.name, "': expected ", expected, ", found ", found, ".");
    std::abort();
}

void checkInteger(const Operator& op, const Argument& argument, int64_t value) {
    // More pixels a side, or groups, than any image has; beyond it kernels count for hours or wrap around.
    constexpr int64_t most = 1 << 16;
    switch (argument.range) {
        case kPositive:
            if (value < 1 || value > most) refuse(op, argument, "1 to 65536", std::to_string(value));
            break;
        case kNatural:
            if (value < 0 || value > most) refuse(op, argument, "0 to 65536", std::to_string(value));
            break;
        case kScalarType:
            if (value < 0 || value >= static_cast<int64_t>(c10::ScalarType::Undefined))
                refuse(op, argument, "a known element type", std::to_string(value));
            break;
        case kLayout:
            if (value != static_cast<int64_t>(c10::Layout::Strided))
                refuse(op, argument, "the strided layout (0)", std::to_string(value));
            break;
        case kMemoryFormat:
            if (value < 0 || value > static_cast<int64_t>(c10::MemoryFormat::ChannelsLast3d))
                refuse(op, argument, "a known memory format (0 to 3)", std::to_string(value));
            break;
        default:
            break;
    }
}

void checkReal(const Operator& op, const Argument& argument, double value) {
    if (argument.range == kScale && !(value >= 1e-4 && value <= 1e4))
        refuse(op, argument, "a scale from 1e-4 to 1e4", std::to_string(value));
}

bool listOf(const Argument& argument, TypeKind kind) {
    return argument.kind == TypeKind::ListType && (argument.element == kind || (isInteger(argument.element) && isInteger(kind)));
}

c10::IValue convert(const Operator& op, const Argument& argument, const Value& value) {
    const auto n = static_cast<size_t>(value.length < 0 ? 0 : value.length);
    TORCH_CHECK(n == 0 || value.tag < kIntList || value.tag == kDevice || value.pointer != nullptr,
                op.name, ": argument '", argument.name, "' is a list without memory.");
    switch (value.tag) {
        case kNone:
            if (argument.optional || argument.kind == TypeKind::NoneType) return c10::IValue();
            break;
        case kTensor:
            if (argument.kind == TypeKind::TensorType) return c10::IValue(borrow(value.pointer));
            break;
        case kInt:
            if (isInteger(argument.kind)) {
                checkInteger(op, argument, value.integer);
                return c10::IValue(value.integer);
            }
            if (argument.kind == TypeKind::NumberType) return c10::IValue(value.integer);
            if (argument.kind == TypeKind::FloatType) {
                checkReal(op, argument, static_cast<double>(value.integer));
                return c10::IValue(static_cast<double>(value.integer));
            }
            break;
        case kDouble:
            if (argument.kind == TypeKind::NumberType || argument.kind == TypeKind::FloatType) {
                checkReal(op, argument, value.real);
                return c10::IValue(value.real);
            }
            break;
        case kBool:
            if (argument.kind == TypeKind::BoolType || argument.kind == TypeKind::NumberType)
                return c10::IValue(value.integer != 0);
            break;
        case kIntList:
            if (listOf(argument, TypeKind::IntType)) {
                const auto* data = static_cast<const int64_t*>(value.pointer);
                c10::List<int64_t> list;
                list.reserve(n);
                for (size_t i = 0; i < n; ++i) {
                    checkInteger(op, argument, data[i]);
                    list.push_back(data[i]);
                }
                return c10::IValue(std::move(list));
            }
            break;
        case kDoubleList:
            if (listOf(argument, TypeKind::FloatType)) {
                const auto* data = static_cast<const double*>(value.pointer);
                c10::List<double> list;
                list.reserve(n);
                for (size_t i = 0; i < n; ++i) {
                    checkReal(op, argument, data[i]);
                    list.push_back(data[i]);
                }
                return c10::IValue(std::move(list));
            }
            break;
        case kBoolList:
            if (listOf(argument, TypeKind::BoolType)) {
                const auto* data = static_cast<const int64_t*>(value.pointer);
                c10::List<bool> list;
                list.reserve(n);
                for (size_t i = 0; i < n; ++i) list.push_back(data[i] != 0);
                return c10::IValue(std::move(list));
            }
            break;
        case kTensorList:
            if (listOf(argument, TypeKind::TensorType)) {
                auto* const* data = static_cast<void**>(value.pointer);
                if (argument.optionalElement) {
                    c10::List<OptionalTensor> list;
                    list.reserve(n);
                    for (size_t i = 0; i < n; ++i)
                        list.push_back(data[i] ? OptionalTensor(borrow(data[i])) : OptionalTensor());
                    return c10::IValue(std::move(list));
                }
                c10::List<at::Tensor> list;
                list.reserve(n);
                for (size_t i = 0; i < n; ++i) list.push_back(borrow(data[i]));
                return c10::IValue(std::move(list));
            }
            break;
        case kString:
            if (argument.kind == TypeKind::StringType)
                return c10::IValue(std::string(static_cast<const char*>(value.pointer), n));
            break;
        case kDevice:
            if (argument.kind == TypeKind::DeviceObjType) return c10::IValue(unpackDevice(value.integer));
            break;
        default:
            break;
    }
    refuse(op, argument, std::string("a value of kind ") + c10::typeKindToString(argument.kind) +
           (argument.kind == TypeKind::ListType ? std::string(" of ") + c10::typeKindToString(argument.element) : ""),
           describe(value.tag));
}

Value result(const c10::IValue& value) {
    Value out{kNone, 0, {0}};
    if (value.isTensor()) {
        out.tag = kTensor;
        out.pointer = give(value.toTensor());
    } else if (value.isInt()) {
        out.tag = kInt;
        out.integer = value.toInt();
    } else if (value.isDouble()) {
        out.tag = kDouble;
        out.real = value.toDouble();
    } else if (value.isBool()) {
        out.tag = kBool;
        out.integer = value.toBool();
    } else if (value.isScalar()) {
        const auto scalar = value.toScalar();
        out.tag = kDouble;
        out.real = scalar.toDouble();
    } else if (value.isTensorList()) {
        const auto list = value.toTensorList();
        out.tag = kTensorList;
        out.length = static_cast<int32_t>(list.size());
        auto** handles = static_cast<void**>(std::calloc(list.size() + 1, sizeof(void*)));
        TORCH_CHECK(handles != nullptr, "no memory for a list of ", list.size(), " tensors.");
        for (size_t i = 0; i < list.size(); ++i) handles[i] = give(list.get(i));
        out.pointer = handles;
    } else {
        TORCH_CHECK(value.isNone(), "a result of kind ", value.tagKind(), " cannot be returned.");
    }
    return out;
}

void release(Value& value) {
    if (value.tag == kTensor && value.pointer) Handle::reclaim(static_cast<Impl*>(value.pointer));
    if (value.tag == kTensorList && value.pointer) {
        auto** handles = static_cast<void**>(value.pointer);
        for (int32_t i = 0; i < value.length; ++i)
            if (handles[i]) Handle::reclaim(static_cast<Impl*>(handles[i]));
        std::free(handles);
    }
    value = Value{kNone, 0, {0}};
}

// A stack is taken and given back, so that a call within a call (a release callback) finds its own.
struct Stack {
    static std::vector<c10::IValue>& spare() {
        thread_local std::vector<c10::IValue> kept;
        return kept;
    }
    std::vector<c10::IValue> values = std::move(spare());
    ~Stack() {
        values.clear();
        spare() = std::move(values);
    }
};

std::vector<at::Tensor> borrowAll(void* const* handles, int32_t count) {
    TORCH_CHECK(count >= 0 && (count == 0 || handles != nullptr), "expected a list of tensors, found none.");
    std::vector<at::Tensor> tensors;
    tensors.reserve(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) tensors.push_back(handles[i] ? borrow(handles[i]) : at::Tensor());
    return tensors;
}

size_t elementCount(const int64_t* sizes, int32_t dims) {
    TORCH_CHECK(dims >= 0 && dims <= 64, "expected 0 to 64 dimensions, found ", dims, ".");
    size_t count = 1;
    for (int32_t i = 0; i < dims; ++i) {
        TORCH_CHECK(sizes[i] >= 0, "expected sizes that are not negative, found ", sizes[i], " in dimension ", i, ".");
        TORCH_CHECK(!__builtin_mul_overflow(count, static_cast<size_t>(sizes[i]), &count) && count < (size_t{1} << 60),
                    "the sizes multiply to more elements than can be addressed.");
    }
    return count;
}

c10::ScalarType scalarType(int32_t type) {
    TORCH_CHECK(type >= 0 && type < static_cast<int32_t>(c10::ScalarType::Undefined),
                "expected a known element type, found ", type, ".");
    return static_cast<c10::ScalarType>(type);
}

}  // namespace

TC_EXPORT const char* tc_last_error() { return lastError.c_str(); }

TC_EXPORT const char* tc_version() { return TORCH_VERSION; }

// Text of at::show_config / parallel info, for a report; valid until the next call on this thread.
TC_EXPORT int tc_build_info(const char** text) {
    return guarded([&] {
        thread_local std::string info;
        info = at::get_parallel_info();
        *text = info.c_str();
    });
}

// ---- operators

TC_EXPORT int tc_find(const char* name, const char* overload, void** op) {
    return guarded([&] {
        auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
        TORCH_CHECK(handle.has_value(), "libtorch ", TORCH_VERSION, " has no operator ", name,
                    *overload ? "." : "", overload, ".");
        auto* found = new Operator{*handle, *overload ? std::string(name) + "." + overload : name, {}};
        // Never freed: the managed side keeps operators in static fields for the life of the process.
        for (const auto& argument : handle->schema().arguments()) {
            Argument a{argument.type()->kind(), TypeKind::AnyType, false, false, rangeOf(found->name, argument),
                       argument.name().c_str()};
            c10::TypePtr type = argument.type();
            if (a.kind == TypeKind::OptionalType) {
                a.optional = true;
                type = type->castRaw<c10::OptionalType>()->getElementType();
                a.kind = type->kind();
            }
            if (a.kind == TypeKind::ListType) {
                auto element = type->castRaw<c10::ListType>()->getElementType();
                if (element->kind() == TypeKind::OptionalType) {
                    a.optionalElement = true;
                    element = element->castRaw<c10::OptionalType>()->getElementType();
                }
                a.element = element->kind();
            }
            found->arguments.push_back(a);
        }
        *op = found;
    });
}

// Arguments that are left out at the end take the schema's defaults; a missing one without a default is refused.
TC_EXPORT int tc_call(void* op, const Value* arguments, int32_t count, Value* results, int32_t capacity,
                      int32_t* resultCount) {
    return guarded([&] {
        *resultCount = 0;
        TORCH_CHECK(op != nullptr, "the operator handle is null.");
        const auto& target = *static_cast<Operator*>(op);
        const auto& schema = target.handle.schema();
        const auto expected = static_cast<int32_t>(target.arguments.size());
        TORCH_CHECK(count >= 0 && count <= expected, target.name, ": expected at most ", expected,
                    " arguments, found ", count, ".");
        TORCH_CHECK(static_cast<int32_t>(schema.returns().size()) <= capacity, target.name, " returns ",
                    schema.returns().size(), " values, but there is room for ", capacity, ".");
        Stack stack;
        stack.values.reserve(static_cast<size_t>(expected));
        for (int32_t i = 0; i < count; ++i)
            stack.values.push_back(convert(target, target.arguments[static_cast<size_t>(i)], arguments[i]));
        for (int32_t i = count; i < expected; ++i) {
            const auto& value = schema.arguments()[static_cast<size_t>(i)].default_value();
            TORCH_CHECK(value.has_value(), target.name, ": argument '", schema.arguments()[static_cast<size_t>(i)].name(),
                        "' (number ", i, ") is missing and has no default.");
            stack.values.push_back(*value);
        }
        target.handle.callBoxed(&stack.values);
        TORCH_CHECK(static_cast<int32_t>(stack.values.size()) <= capacity, target.name, " returned ",
                    stack.values.size(), " values, but there is room for ", capacity, ".");
        int32_t made = 0;
        try {
            for (const auto& value : stack.values) {
                results[made] = result(value);
                ++made;
            }
        } catch (...) {
            while (made > 0) release(results[--made]);
            throw;
        }
        *resultCount = made;
    });
}

TC_EXPORT void tc_free_list(void* list) { std::free(list); }

// ---- tensors

TC_EXPORT int tc_tensor_release(void* handle) {
    return guarded([&] {
        if (handle) Handle::reclaim(static_cast<Impl*>(handle));
    });
}

TC_EXPORT int tc_tensor_alias(void* handle, void** result) {
    return guarded([&] { *result = give(borrow(handle)); });
}

// Copies `bytes` bytes from `data` into a new tensor on the processor.
TC_EXPORT int tc_tensor_copy(const void* data, int64_t bytes, const int64_t* sizes, int32_t dims, int32_t type,
                             void** result) {
    return guarded([&] {
        const auto dtype = scalarType(type);
        const auto needed = static_cast<int64_t>(elementCount(sizes, dims) * c10::elementSize(dtype));
        TORCH_CHECK(needed == bytes, "expected ", needed, " bytes for that shape and element type, found ", bytes, ".");
        auto tensor = at::empty(at::IntArrayRef(sizes, static_cast<size_t>(dims)), at::TensorOptions(dtype));
        if (bytes > 0) std::memcpy(tensor.data_ptr(), data, static_cast<size_t>(bytes));
        *result = give(std::move(tensor));
    });
}

// Shares the caller's memory; `done(context)` is called once, when the last tensor over it is gone.
TC_EXPORT int tc_tensor_borrow(void* data, int64_t bytes, const int64_t* sizes, int32_t dims, int32_t type,
                               void (*done)(void*), void* context, void** result) {
    return guarded([&] {
        const auto dtype = scalarType(type);
        const auto needed = static_cast<int64_t>(elementCount(sizes, dims) * c10::elementSize(dtype));
        TORCH_CHECK(needed <= bytes, "expected at least ", needed, " bytes for that shape and element type, found ",
                    bytes, ".");
        auto tensor = at::from_blob(data, at::IntArrayRef(sizes, static_cast<size_t>(dims)),
                                    [done, context](void*) { if (done) done(context); }, at::TensorOptions(dtype));
        *result = give(std::move(tensor));
    });
}

TC_EXPORT int tc_tensor_data(void* handle, void** data) {
    return guarded([&] {
        const auto tensor = borrow(handle);
        TORCH_CHECK(tensor.layout() == c10::kStrided, "a tensor of layout ", tensor.layout(), " has no data pointer.");
        *data = tensor.data_ptr();
    });
}

struct TensorInfo {
    int64_t elements;
    int64_t device;
    int64_t storageOffset;
    int32_t dims;
    int32_t type;
    int32_t elementSize;
    uint8_t requiresGrad, leaf, contiguous, inference;
};

TC_EXPORT int tc_tensor_info(void* handle, TensorInfo* info) {
    return guarded([&] {
        const auto tensor = borrow(handle);
        info->elements = tensor.numel();
        info->device = packDevice(tensor.device());
        info->storageOffset = tensor.layout() == c10::kStrided ? tensor.storage_offset() : 0;
        info->dims = static_cast<int32_t>(tensor.dim());
        info->type = static_cast<int32_t>(tensor.scalar_type());
        info->elementSize = static_cast<int32_t>(tensor.element_size());
        info->requiresGrad = tensor.requires_grad();
        info->leaf = tensor.is_leaf();
        info->contiguous = tensor.layout() == c10::kStrided && tensor.is_contiguous();
        info->inference = tensor.is_inference();
    });
}

// The pointers stay valid while the handle lives and nobody resizes it.
TC_EXPORT int tc_tensor_sizes(void* handle, int64_t* sizes, int64_t* strides, int32_t capacity) {
    return guarded([&] {
        const auto tensor = borrow(handle);
        const auto dims = static_cast<size_t>(tensor.dim());
        TORCH_CHECK(static_cast<int32_t>(dims) <= capacity, "expected room for ", dims, " sizes, found ", capacity, ".");
        for (size_t i = 0; i < dims; ++i) {
            if (sizes) sizes[i] = tensor.sizes()[i];
            if (strides) strides[i] = tensor.strides()[i];
        }
    });
}

// ---- autograd

TC_EXPORT int tc_set_requires_grad(void* handle, int32_t value) {
    return guarded([&] { borrow(handle).set_requires_grad(value != 0); });
}

TC_EXPORT int tc_retain_grad(void* handle) {
    return guarded([&] { borrow(handle).retain_grad(); });
}

TC_EXPORT int tc_grad(void* handle, void** result) {
    return guarded([&] { *result = give(borrow(handle).grad()); });
}

TC_EXPORT int tc_set_grad(void* handle, void* grad) {
    return guarded([&] {
        auto tensor = borrow(handle);
        if (!grad) {
            tensor.mutable_grad() = at::Tensor();
            return;
        }
        auto value = borrow(grad);
        TORCH_CHECK(value.sizes() == tensor.sizes(), "a gradient's shape: expected ", tensor.sizes(), ", found ",
                    value.sizes(), ".");
        TORCH_CHECK(value.scalar_type() == tensor.scalar_type(), "a gradient's element type: expected ",
                    tensor.scalar_type(), ", found ", value.scalar_type(), ".");
        TORCH_CHECK(value.device() == tensor.device(), "a gradient's device: expected ", tensor.device(), ", found ",
                    value.device(), ".");
        tensor.mutable_grad() = value;
    });
}

TC_EXPORT int tc_backward(void* const* tensors, int32_t count, void* const* gradients, int32_t gradientCount,
                          int32_t retain, int32_t create, void* const* inputs, int32_t inputCount) {
    return guarded([&] {
        torch::autograd::backward(borrowAll(tensors, count), borrowAll(gradients, gradientCount),
                                  retain != 0, create != 0, borrowAll(inputs, inputCount));
    });
}

// `results` has room for one handle per input; an unused input leaves null there when that is allowed.
TC_EXPORT int tc_gradients(void* const* outputs, int32_t count, void* const* inputs, int32_t inputCount,
                           void* const* gradients, int32_t gradientCount, int32_t retain, int32_t create,
                           int32_t allowUnused, void** results) {
    return guarded([&] {
        auto grads = torch::autograd::grad(borrowAll(outputs, count), borrowAll(inputs, inputCount),
                                           borrowAll(gradients, gradientCount), retain != 0, create != 0,
                                           allowUnused != 0);
        TORCH_CHECK(static_cast<int32_t>(grads.size()) == inputCount, "expected ", inputCount, " gradients, found ",
                    grads.size(), ".");
        for (size_t i = 0; i < grads.size(); ++i) results[i] = give(std::move(grads[i]));
    });
}

TC_EXPORT int32_t tc_grad_mode() { return c10::GradMode::is_enabled(); }
TC_EXPORT void tc_set_grad_mode(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }
TC_EXPORT int32_t tc_inference_mode() { return c10::InferenceMode::is_enabled(); }

// The guard changes this thread's state: end it on the same thread, in the reverse order.
TC_EXPORT int tc_inference_begin(int32_t enabled, void** guard) {
    return guarded([&] { *guard = new c10::InferenceMode(enabled != 0); });
}
TC_EXPORT int tc_inference_end(void* guard) {
    return guarded([&] { delete static_cast<c10::InferenceMode*>(guard); });
}

// ---- random numbers, threads, devices

TC_EXPORT int tc_manual_seed(int64_t seed) {
    return guarded([&] { at::manual_seed(static_cast<uint64_t>(seed)); });
}

TC_EXPORT int tc_set_threads(int32_t count) {
    return guarded([&] { at::set_num_threads(count); });
}
TC_EXPORT int tc_threads(int32_t* count) {
    return guarded([&] { *count = at::get_num_threads(); });
}
TC_EXPORT int tc_set_interop_threads(int32_t count) {
    return guarded([&] { at::set_num_interop_threads(count); });
}
TC_EXPORT int tc_interop_threads(int32_t* count) {
    return guarded([&] { *count = at::get_num_interop_threads(); });
}

TC_EXPORT int tc_cuda_devices(int32_t* count) {
    return guarded([&] {
        *count = at::globalContext().hasCUDA()
            ? static_cast<int32_t>(c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).deviceCount()) : 0;
    });
}

// Work on the processor is done when its function returns; other devices run behind.
TC_EXPORT int tc_synchronize(int64_t packed) {
    return guarded([&] {
        const auto device = unpackDevice(packed);
        if (device.is_cpu()) return;
        TORCH_CHECK(device.is_cuda(), "expected a cpu or cuda device, found ", device, ".");
        TORCH_CHECK(at::globalContext().hasCUDA(), "this libtorch has no CUDA device.");
        const auto index = device.has_index() ? device.index()
            : c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).getDevice().index();
        at::detail::getCUDAHooks().deviceSynchronize(index);
    });
}

// figures: bytes in tensors now, the most there were, bytes held from the driver.
TC_EXPORT int tc_memory(int64_t packed, int64_t* figures) {
    return guarded([&] {
        const auto device = unpackDevice(packed);
        TORCH_CHECK(device.is_cuda(), "memory figures are kept for cuda devices only, found ", device, ".");
#ifdef TC_CUDA
        const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.has_index() ? device.index() : 0);
        figures[0] = stats.allocated_bytes[0].current;
        figures[1] = stats.allocated_bytes[0].peak;
        figures[2] = stats.reserved_bytes[0].current;
#else
        (void)figures;
        TORCH_CHECK(false, "this library was built without CUDA.");
#endif
    });
}

// ---- files: a zip archive with a pickle in it, which torch.load reads

TC_EXPORT int tc_save(void* handle, const char* path) {
    return guarded([&] {
        const auto bytes = torch::jit::pickle_save(c10::IValue(borrow(handle)));
        std::ofstream file(path, std::ios::binary | std::ios::trunc);
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        file.flush();
        TORCH_CHECK(file.good(), "cannot write ", bytes.size(), " bytes to ", path, ".");
    });
}

TC_EXPORT int tc_load(const char* path, void** result) {
    return guarded([&] {
        std::ifstream file(path, std::ios::binary | std::ios::ate);
        TORCH_CHECK(file.good(), "cannot open ", path, ".");
        std::vector<char> bytes(static_cast<size_t>(file.tellg()));
        file.seekg(0);
        file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        TORCH_CHECK(file.good(), "cannot read ", bytes.size(), " bytes from ", path, ".");
        const auto value = torch::jit::pickle_load(bytes);
        TORCH_CHECK(value.isTensor(), path, ": expected a tensor, found ", value.tagKind(), ".");
        *result = give(value.toTensor());
    });
}

// ---- a node of the autograd graph whose backward pass is managed code

namespace {

// Fills `results` with one owned handle (or null) per connected input; on failure writes a message and returns 1.
using ManagedBackward = int32_t (*)(void* context, void* node, void* const* gradients, int32_t count, void** results,
                                    int32_t resultCount, char* message, int32_t messageCapacity);
using ManagedDone = void (*)(void* context);

struct ManagedNode final : torch::autograd::Node {
    ManagedBackward backward;
    ManagedDone done;
    void* context;
    std::vector<torch::autograd::SavedVariable> saved;

    ManagedNode(ManagedBackward backward, ManagedDone done, void* context)
        : backward(backward), done(done), context(context) {}
    ~ManagedNode() override { done(context); }

    std::string name() const override { return "ManagedNode"; }

    void release_variables() override {
        for (auto& variable : saved) variable.reset_data();
    }

    torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
        std::vector<void*> handles;
        for (size_t i = 0; i < gradients.size(); ++i) {
            if (!gradients[i].defined()) gradients[i] = input_metadata(i).zeros_like();
            handles.push_back(gradients[i].unsafeGetTensorImpl());
        }
        std::vector<void*> results(num_outputs(), nullptr);
        char message[1024] = {};
        const auto status = backward(context, this, handles.data(), static_cast<int32_t>(handles.size()), results.data(),
                                     static_cast<int32_t>(results.size()), message, sizeof(message));
        torch::autograd::variable_list outputs;
        for (auto* result : results)
            outputs.push_back(result ? at::Tensor(Handle::reclaim(static_cast<Impl*>(result))) : at::Tensor());
        TORCH_CHECK(status == 0, message);
        return outputs;
    }
};

}  // namespace

// Makes `outputs` (fresh tensors, computed without gradients) depend on `inputs`. The node keeps `saved` for its backward
// pass; `done` is called once, when the graph lets go of the node, also if this fails.
TC_EXPORT int tc_node_attach(ManagedBackward backward, ManagedDone done, void* context, void* const* inputs,
                             int32_t inputCount, void* const* outputs, int32_t outputCount, void* const* saved,
                             int32_t savedCount) {
    std::shared_ptr<ManagedNode> node;
    return guarded([&] {
        try {
            node.reset(new ManagedNode(backward, done, context), torch::autograd::deleteNode);
        } catch (...) {
            done(context);
            throw;
        }
        node->set_next_edges(torch::autograd::collect_next_edges(borrowAll(inputs, inputCount)));
        auto results = borrowAll(outputs, outputCount);
        for (auto& result : results) {
            for (int32_t i = 0; i < inputCount; ++i)
                TORCH_CHECK(impl(inputs[i]) != result.unsafeGetTensorImpl(),
                            "a function's output must be a tensor of its own, found its input ", i, ".");
            TORCH_CHECK(!result.grad_fn(), "a function's output already belongs to a graph.");
            torch::autograd::set_history(result, node);
        }
        for (int32_t i = 0; i < savedCount; ++i) {
            const auto tensor = borrow(saved[i]);
            bool isOutput = false;
            for (const auto& result : results) isOutput |= result.unsafeGetTensorImpl() == tensor.unsafeGetTensorImpl();
            node->saved.emplace_back(tensor, isOutput);
        }
    });
}

// Only during the node's backward pass, which hands `node` out.
TC_EXPORT int tc_node_saved(void* node, void** results, int32_t capacity) {
    return guarded([&] {
        auto self = static_cast<ManagedNode*>(node);
        TORCH_CHECK(capacity == static_cast<int32_t>(self->saved.size()), "expected room for ", self->saved.size(),
                    " saved tensors, found ", capacity, ".");
        for (int32_t i = 0; i < capacity; ++i) results[i] = give(self->saved[i].unpack(self->shared_from_this()));
    });
}
