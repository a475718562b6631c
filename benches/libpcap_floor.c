/* The least that any program on libpcap does with a capture: it reads all frames and counts them.
 *
 * The benchmark gives other programs' cost as multiples of this one's.
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

static const int NEXT_FRAME = 1;

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: libpcap_floor FILE\n");
        return 2;
    }

    char error[PCAP_ERRBUF_SIZE];
    pcap_t *capture = pcap_open_offline_with_tstamp_precision(
        argv[1], PCAP_TSTAMP_PRECISION_NANO, error);
    if (capture == NULL) {
        fprintf(stderr, "libpcap_floor: %s\n", error);
        return 1;
    }

    uint64_t frames = 0, octets = 0;
    struct pcap_pkthdr *header;
    const u_char *frame;
    int outcome;
    while ((outcome = pcap_next_ex(capture, &header, &frame)) == NEXT_FRAME) {
        frames++;
        octets += header->caplen;
    }
    if (outcome != PCAP_ERROR_BREAK) { /* Which a file's end is, too. */
        pcap_perror(capture, "libpcap_floor");
        return 1;
    }
    printf("%" PRIu64 " frames, %" PRIu64 " octets\n", frames, octets);
    pcap_close(capture);
    return 0;
}
