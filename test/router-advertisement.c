/* Says on an interface, as raw frames, that fe80::bad is a router for everything and that 2001:db8::/64 is here (RFC 4861). */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct advertisement {
	struct nd_router_advert router;
	struct nd_opt_prefix_info prefix;
} __attribute__((packed));

struct frame {
	struct ether_header ether;
	struct ip6_hdr ip;
	struct advertisement body;
} __attribute__((packed));

/* The one's complement sum of 16-bit words. */
static unsigned add(unsigned sum, const void *data, size_t length)
{
	const unsigned char *bytes = data;
	for (size_t i = 0; i < length; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	return sum;
}

int main(int argc, char **argv)
{
	struct frame f = { 0 };
	unsigned index = argc == 2 ? if_nametoindex(argv[1]) : 0;
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETHERTYPE_IPV6));
	if (index == 0 || fd < 0) {
		perror("advertise");
		return 1;
	}
	memcpy(f.ether.ether_dhost, "\x33\x33\0\0\0\x01", 6);
	memcpy(f.ether.ether_shost, "\x02\x42\0\0\x0b\xad", 6);
	f.ether.ether_type = htons(ETHERTYPE_IPV6);
	f.ip.ip6_vfc = 6 << 4;
	f.ip.ip6_plen = htons(sizeof f.body);
	f.ip.ip6_nxt = IPPROTO_ICMPV6;
	f.ip.ip6_hlim = 255;
	inet_pton(AF_INET6, "fe80::bad", &f.ip.ip6_src);
	inet_pton(AF_INET6, "ff02::1", &f.ip.ip6_dst);
	f.body.router.nd_ra_type = ND_ROUTER_ADVERT;
	f.body.router.nd_ra_curhoplimit = 64;
	f.body.router.nd_ra_router_lifetime = htons(1800);
	f.body.prefix.nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION;
	f.body.prefix.nd_opt_pi_len = 4;
	f.body.prefix.nd_opt_pi_prefix_len = 64;
	f.body.prefix.nd_opt_pi_flags_reserved = ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO;
	f.body.prefix.nd_opt_pi_valid_time = htonl(3600);
	f.body.prefix.nd_opt_pi_preferred_time = htonl(1800);
	inet_pton(AF_INET6, "2001:db8::", &f.body.prefix.nd_opt_pi_prefix);
	unsigned sum = add(0, &f.ip.ip6_src, 32) + IPPROTO_ICMPV6 + sizeof f.body;
	sum = add(sum, &f.body, sizeof f.body);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	f.body.router.nd_ra_cksum = htons(~sum);
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)index, .sll_halen = 6 };
	for (int i = 0; i < 5; i++) {
		if (sendto(fd, &f, sizeof f, 0, (struct sockaddr *)&to, sizeof to) != sizeof f) {
			perror("sendto");
			return 1;
		}
		usleep(20000);
	}
	puts("sent");
	return 0;
}
