/*
 * What the engines' calls cost without Java around them: the same functions of the same libraries, in the same
 * order, on buffers laid out alike. SealBenchmark and OpenBenchmark give the other figure.
 *
 *   cc -O2 -o seal bench/src/main/c/seal.c -ldl -lcrypto && ./seal [BYTES]      needs OpenSSL 3 and its headers
 *
 * Prints engine, direction and nanoseconds for one packet of BYTES (1424), the best of several rounds. Intel's
 * multi-buffer library is left out where it is not installed.
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

/* OpenSSL's provider, as ProviderAead calls it. */

static void *context;
static OSSL_FUNC_cipher_newctx_fn *new_context;
static OSSL_FUNC_cipher_encrypt_init_fn *encrypt_init;
static OSSL_FUNC_cipher_decrypt_init_fn *decrypt_init;
static OSSL_FUNC_cipher_update_fn *update;
static OSSL_FUNC_cipher_final_fn *final;
static OSSL_FUNC_cipher_get_ctx_params_fn *get_parameters;
static OSSL_PARAM tag_parameter[2];

static void openssl_load(void)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
    if (!cipher)
        fail("OpenSSL has no ChaCha20-Poly1305");
    const OSSL_PROVIDER *provider = EVP_CIPHER_get0_provider(cipher);
    int no_cache;
    const OSSL_ALGORITHM *algorithm = OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER, &no_cache);
    while (algorithm->algorithm_names && strcmp(algorithm->algorithm_names, "ChaCha20-Poly1305"))
        algorithm++;
    if (!algorithm->algorithm_names)
        fail("the provider has no ChaCha20-Poly1305");
    for (const OSSL_DISPATCH *each = algorithm->implementation; each->function_id; each++) {
        switch (each->function_id) {
        case OSSL_FUNC_CIPHER_NEWCTX: new_context = OSSL_FUNC_cipher_newctx(each); break;
        case OSSL_FUNC_CIPHER_ENCRYPT_INIT: encrypt_init = OSSL_FUNC_cipher_encrypt_init(each); break;
        case OSSL_FUNC_CIPHER_DECRYPT_INIT: decrypt_init = OSSL_FUNC_cipher_decrypt_init(each); break;
        case OSSL_FUNC_CIPHER_UPDATE: update = OSSL_FUNC_cipher_update(each); break;
        case OSSL_FUNC_CIPHER_FINAL: final = OSSL_FUNC_cipher_final(each); break;
        case OSSL_FUNC_CIPHER_GET_CTX_PARAMS: get_parameters = OSSL_FUNC_cipher_get_ctx_params(each); break;
        default: break;
        }
    }
    context = new_context(OSSL_PROVIDER_get0_provider_ctx(provider));
    tag_parameter[0] = OSSL_PARAM_construct_octet_string("tag", NULL, TAG);
    tag_parameter[1] = OSSL_PARAM_construct_end();
}

static void openssl_seal(uint64_t counter)
{
    size_t written;
    count(counter);
    if (encrypt_init(context, key, KEY, nonce, NONCE, NULL) != 1
        || update(context, target, &written, bytes, plaintext, bytes) != 1 || written != bytes
        || final(context, NULL, &written, 0) != 1)
        fail("OpenSSL failed to seal");
    tag_parameter[0].data = target + bytes;
    if (get_parameters(context, tag_parameter) != 1)
        fail("OpenSSL failed to seal");
}

static void openssl_open(uint64_t counter)
{
    size_t written;
    (void)counter;
    count(0);
    tag_parameter[0].data = sealed + bytes;
    if (decrypt_init(context, key, KEY, nonce, NONCE, tag_parameter) != 1
        || update(context, target, &written, bytes, sealed, bytes) != 1 || written != bytes
        || final(context, NULL, &written, 0) != 1)
        fail("OpenSSL failed to open");
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
    if (ipsec_load()) {
        ipsec_seal(0);
        if (memcmp(sealed, target, bytes + TAG))
            fail("the two libraries disagree");
        measure("ipsecmb", "seal", ipsec_seal);
        measure("ipsecmb", "open", ipsec_open);
    }
    return 0;
}
