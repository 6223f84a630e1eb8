/*
 * What the engines' calls cost without Java around them: the same functions of the same libraries, in the same
 * order, on buffers laid out alike. SealBenchmark and OpenBenchmark give the other figure.
 *
 *   cc -O2 -o seal bench/src/main/c/seal.c -ldl -lcrypto && ./seal [BYTES]      needs OpenSSL 3 and its headers
 *
 * Prints engine, direction and nanoseconds for one packet of BYTES (1424), the best of several rounds. BoringSSL
 * and Intel's multi-buffer library are left out where they are not installed.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

enum { KEY = 32, NONCE = 12, TAG = 16, MOST = 65536, ROUNDS = 25, ROUND_NS = 40000000 };

static unsigned char key[KEY], nonce[NONCE];
static unsigned char plaintext[MOST], sealed[MOST + TAG], target[MOST + TAG];
static size_t bytes = 1424;

static void fail(const char *what)
{
    fprintf(stderr, "seal: %s\n", what);
    exit(1);
}

static void count(uint64_t counter)
{
    memcpy(nonce + 4, &counter, sizeof counter);
}

/* ChaCha20 and Poly1305 of OpenSSL's provider, as SplitAead calls them. */

enum { BLOCK = 64, PART = 16 };

static unsigned char iv[PART], tag_area[TAG];
static unsigned char in[BLOCK + MOST + BLOCK], out[BLOCK + MOST + BLOCK];
static void *cipher_context, *mac_context;
static OSSL_FUNC_cipher_encrypt_init_fn *cipher_begin;
static OSSL_FUNC_cipher_cipher_fn *cipher_run;
static OSSL_FUNC_mac_init_fn *mac_begin;
static OSSL_FUNC_mac_update_fn *mac_update;
static OSSL_FUNC_mac_final_fn *mac_final;

static const OSSL_DISPATCH *openssl_find(const OSSL_PROVIDER *provider, int operation, const char *name)
{
    int no_cache;
    const OSSL_ALGORITHM *algorithm = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
    while (algorithm->algorithm_names && strcmp(algorithm->algorithm_names, name))
        algorithm++;
    if (!algorithm->algorithm_names)
        fail("the provider has not what is needed");
    return algorithm->implementation;
}

static void openssl_load(void)
{
    EVP_CIPHER *any = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
    if (!any)
        fail("OpenSSL has no ChaCha20-Poly1305");
    const OSSL_PROVIDER *provider = EVP_CIPHER_get0_provider(any);
    void *of_provider = OSSL_PROVIDER_get0_provider_ctx(provider);
    for (const OSSL_DISPATCH *each = openssl_find(provider, OSSL_OP_CIPHER, "ChaCha20"); each->function_id; each++) {
        switch (each->function_id) {
        case OSSL_FUNC_CIPHER_NEWCTX: cipher_context = OSSL_FUNC_cipher_newctx(each)(of_provider); break;
        case OSSL_FUNC_CIPHER_ENCRYPT_INIT: cipher_begin = OSSL_FUNC_cipher_encrypt_init(each); break;
        case OSSL_FUNC_CIPHER_CIPHER: cipher_run = OSSL_FUNC_cipher_cipher(each); break;
        default: break;
        }
    }
    for (const OSSL_DISPATCH *each = openssl_find(provider, OSSL_OP_MAC, "POLY1305"); each->function_id; each++) {
        switch (each->function_id) {
        case OSSL_FUNC_MAC_NEWCTX: mac_context = OSSL_FUNC_mac_newctx(each)(of_provider); break;
        case OSSL_FUNC_MAC_INIT: mac_begin = OSSL_FUNC_mac_init(each); break;
        case OSSL_FUNC_MAC_UPDATE: mac_update = OSSL_FUNC_mac_update(each); break;
        case OSSL_FUNC_MAC_FINAL: mac_final = OSSL_FUNC_mac_final(each); break;
        default: break;
        }
    }
}

static void openssl_run(const unsigned char *from)
{
    size_t written, length = (bytes + 2 * BLOCK - 1) & -(size_t)BLOCK;
    memcpy(iv + 4, nonce, NONCE);
    memcpy(in + BLOCK, from, bytes);
    if (cipher_begin(cipher_context, key, KEY, iv, sizeof iv, NULL) != 1
        || cipher_run(cipher_context, out, &written, length, in, length) != 1 || written != length)
        fail("OpenSSL failed on a packet");
}

static void openssl_authenticate(unsigned char *area, unsigned char *tag)
{
    size_t written, padding = -bytes & (PART - 1);
    uint64_t lengths[] = {0, bytes};
    memset(area + BLOCK + bytes, 0, padding);
    memcpy(area + BLOCK + bytes + padding, lengths, sizeof lengths);
    if (mac_begin(mac_context, out, KEY, NULL) != 1
        || mac_update(mac_context, area + BLOCK, bytes + padding + PART) != 1
        || mac_final(mac_context, tag, &written, TAG) != 1)
        fail("OpenSSL failed on a tag");
}

static void openssl_seal(uint64_t counter)
{
    count(counter);
    openssl_run(plaintext);
    openssl_authenticate(out, target + bytes);
    memcpy(target, out + BLOCK, bytes);
}

static void openssl_open(uint64_t counter)
{
    uint64_t computed[2], given[2];
    (void)counter;
    count(0);
    openssl_run(sealed);
    openssl_authenticate(in, tag_area);
    memcpy(computed, tag_area, TAG);
    memcpy(given, sealed + bytes, TAG);
    if ((computed[0] ^ given[0]) | (computed[1] ^ given[1]))
        fail("OpenSSL failed to open");
    memcpy(target, out + BLOCK, bytes);
}

/* BoringSSL, as BoringSslAead calls it. */

typedef int boring_run(void *, void *, size_t *, size_t, const void *, size_t, const void *, size_t, const void *,
                       size_t);
static uint64_t boring_context[128];
static const void *boring_algorithm;
static int (*boring_init)(void *, const void *, const void *, size_t, size_t, void *);
static boring_run *boring_seals, *boring_opens;

static int boring_load(void)
{
    void *library = dlopen("/usr/lib/x86_64-linux-gnu/android/libcrypto.so.0", RTLD_NOW);
    if (!library)
        library = dlopen("/usr/lib/aarch64-linux-gnu/android/libcrypto.so.0", RTLD_NOW);
    if (!library)
        return 0;
    const void *(*algorithm)(void);
    *(void **)&algorithm = dlsym(library, "EVP_aead_chacha20_poly1305");
    *(void **)&boring_init = dlsym(library, "EVP_AEAD_CTX_init");
    *(void **)&boring_seals = dlsym(library, "EVP_AEAD_CTX_seal");
    *(void **)&boring_opens = dlsym(library, "EVP_AEAD_CTX_open");
    if (!algorithm || !boring_init || !boring_seals || !boring_opens)
        return 0;
    boring_algorithm = algorithm();
    return 1;
}

static void boring(boring_run *run, size_t room, const void *from, size_t length)
{
    size_t written;
    if (boring_init(boring_context, boring_algorithm, key, KEY, TAG, NULL) != 1
        || run(boring_context, target, &written, room, nonce, NONCE, from, length, NULL, 0) != 1 || written != room)
        fail("BoringSSL failed on a packet");
}

static void boring_seal(uint64_t counter)
{
    count(counter);
    boring(boring_seals, bytes + TAG, plaintext, bytes);
}

static void boring_open(uint64_t counter)
{
    (void)counter;
    count(0);
    boring(boring_opens, bytes, sealed, bytes + TAG);
}

/* Intel's multi-buffer library, as IpsecMbAead calls it. */

static void *manager;
static int (*ipsec_error)(void *);
static void (*ipsec_run)(void *, const void *, int, void *[], const void *const[], const uint64_t[],
                         const void *const[], const void *const[], uint64_t, void *[], uint64_t);

static int ipsec_load(void)
{
    void *library = dlopen("libIPSec_MB.so.2", RTLD_NOW);
    if (!library)
        library = dlopen("libIPSec_MB.so.1", RTLD_NOW);
    if (!library)
        return 0;
    void *(*alloc)(uint64_t) = (void *(*)(uint64_t))dlsym(library, "alloc_mb_mgr");
    void (*init)(void *, int *) = (void (*)(void *, int *))dlsym(library, "init_mb_mgr_auto");
    ipsec_error = (int (*)(void *))dlsym(library, "imb_get_errno");
    *(void **)&ipsec_run = dlsym(library, "imb_quic_chacha20_poly1305");
    if (!alloc || !init || !ipsec_error || !ipsec_run)
        return 0;
    manager = alloc(0);
    init(manager, NULL);
    return 1;
}

static void ipsec(int direction, void *to, const void *from, void *tag)
{
    void *targets[] = {to}, *tags[] = {tag};
    const void *sources[] = {from}, *nonces[] = {nonce}, *additional[] = {nonce};
    uint64_t lengths[] = {bytes};
    ipsec_run(manager, key, direction, targets, sources, lengths, nonces, additional, 0, tags, 1);
    if (ipsec_error(manager))
        fail("the multi-buffer library failed");
}

static void ipsec_seal(uint64_t counter)
{
    count(counter);
    ipsec(1, target, plaintext, target + bytes);
}

static void ipsec_open(uint64_t counter)
{
    uint64_t tag[2], given[2];
    (void)counter;
    count(0);
    memcpy(given, sealed + bytes, TAG);
    ipsec(2, target, sealed, tag);
    if ((tag[0] ^ given[0]) | (tag[1] ^ given[1]))
        fail("the multi-buffer library failed to open");
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

static void measure(const char *engine, const char *direction, void (*packet)(uint64_t))
{
    double best = 1e18;
    uint64_t counter = 1;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns(), end;
        uint64_t first = counter;
        do {
            for (int i = 0; i < 256; i++)
                packet(counter++);
            end = now_ns();
        } while (end - begin < ROUND_NS);
        double each = (end - begin) / (double)(counter - first);
        if (each < best)
            best = each;
    }
    printf("%s\t%s\t%zu\t%.1f\n", engine, direction, bytes, best);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        bytes = strtoul(argv[1], NULL, 10);
    if (bytes == 0 || bytes > MOST)
        fail("takes a number of bytes from 1 to 65536");
    for (int i = 0; i < KEY; i++)
        key[i] = (unsigned char)i;
    for (size_t i = 0; i < bytes; i++)
        plaintext[i] = (unsigned char)i;
    openssl_load();
    openssl_seal(0);
    memcpy(sealed, target, bytes + TAG);
    measure("libcrypto", "seal", openssl_seal);
    measure("libcrypto", "open", openssl_open);
    if (boring_load()) {
        boring_seal(0);
        if (memcmp(sealed, target, bytes + TAG))
            fail("the two libraries disagree");
        measure("boringssl", "seal", boring_seal);
        measure("boringssl", "open", boring_open);
    }
    if (ipsec_load()) {
        ipsec_seal(0);
        if (memcmp(sealed, target, bytes + TAG))
            fail("the two libraries disagree");
        measure("ipsecmb", "seal", ipsec_seal);
        measure("ipsecmb", "open", ipsec_open);
    }
    return 0;
}
