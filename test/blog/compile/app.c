#include <stdio.h>

int main(void)
{
	puts("built in one stage, run in another");
}
