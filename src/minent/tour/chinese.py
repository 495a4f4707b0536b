"""What the tour says, in Chinese, by what it says in English."""

# fmt: off
CHINESE = {
    # the page
    "A tour of minent": "minent 导览",
    (
        "Entropy is the cost of learning. All that you see here was made just now, on this machine, from data that "
        "installed packages carry."
    ): (
        "熵是学习的代价。这里的一切都是刚才在这台机器上，用已安装的软件包自带的数据做出来的。"
    ),
    "More:": "更多：",
    "docs": "docs/zh",
    "en": "zh",
    ", about {:.0f} s left": "，还需约 {:.0f} 秒",
    (
        'pip install "minent[all]" to see what it does with texts, images and models'
    ): (
        '运行 pip install "minent[all]"，再看文本、图像和模型的部分'
    ),
    "open {}": "请打开 {}",
    # networks
    "Communities": "社区",
    (
        "77 characters of Les Misérables, linked by the number of chapters they share. A random walk on the links "
        "is described in as few bits as possible: a module is where the walker stays for long, and its area here "
        "is how long. Click a module to look inside."
    ): (
        "《悲惨世界》的 77 个人物，按共同出现的章节数相连。地图方程用尽可能少的比特描述网络上的随机游走：游走者久留"
        "之处就是一个模块，图中的面积就是停留的时间。点击一个模块，可以看到它的内部。"
    ),
    "Clusters that nobody asked for": "没有人要求的聚类",
    (
        "1,797 handwritten digits, 8 × 8 pixels each, every one linked to the 10 that look most like it. Nobody "
        "says that there are ten digits: does the map find them?"
    ): (
        "1,797 个手写数字，每个 8 × 8 像素，各与最像它的 10 个相连。没有人说过有十个数字：地图方程能找到吗？"
    ),
    "adjusted mutual information with the true digits, of 1": "与真实数字的调整互信息（最高为 1）",
    "links": "条边",
    "top modules": "个顶层模块",
    "bits a step": "比特／步",
    "fewer bits than without modules": "比没有模块时节省的比特",
    "The map on a page of its own": "单独打开这张地图",
    "module": "模块",
    "flow": "流量",
    "nodes": "节点数",
    "All modules": "全部模块",
    "mostly the digit": "主要是数字",
    # lengths
    "Attention over length": "注意力与长度",
    (
        "Attention compares every token of a text with every other: twice the length, four times the work. Nyström "
        "attention goes by way of 64 landmarks, a synthesizer by learned weights without comparing at all. "
        "Milliseconds of one layer (width 256, 4 heads, one thread) on this machine, for texts of so many tokens."
    ): (
        "注意力把文本中的每个词元与其他每个词元比较：长度加倍，计算量变为四倍。Nyström 注意力借助 64 个地标，"
        "Synthesizer 用学到的权重，完全不作比较。下面是本机上一层注意力（宽度 256，4 个头，单线程）处理不同长度文本"
        "的毫秒数。"
    ),
    "tokens": "词元数",
    "milliseconds": "毫秒",
    "as fast as softmax: Nyström attention over {} tokens": "Nyström 注意力相对于 softmax 的速度（{} 个词元）",
    "instead of {:.0f}": "softmax 需要 {:.0f}",
    # both ends
    "Writing from both ends": "从两端同时生成",
    (
        "Digits are read and the number is written in words, from the left and from the right at once: here from "
        "4,000 numbers below ten million, by a model that has learned for some forty seconds, from nothing, and "
        "knows no rule. Each end errs most where it has come far; what both together find likeliest is taken. "
        "These numbers it has never seen."
    ): (
        "读入数字，写出英文的数，从左端和右端同时开始：模型只见过一千万以内的 4,000 个数，从零开始学了四十秒左右，"
        "不知道任何规则。每一端写得越远越容易出错；取两端合起来认为最可能的写法。下面的数它从未见过。"
    ),
    "numbers right, as both ends together find them likeliest": "数正确：两端一致认为最可能的",
    "numbers right, as the surer end alone has them": "数正确：只取更有把握的一端",
    "numbers to learn from": "个数用于学习",
    "read": "读入",
    "written": "写出",
    "truth": "正确",
    # histories
    "Training that survives its own mistakes": "能承受自身错误的训练",
    (
        "A model learns to go on from true beginnings, but when it writes it goes on from its own. Two models of "
        "one size learn to put back the vowels of words that docstrings are made of (cnvltn: convolution), in as "
        "many steps: one in the usual way (teacher forcing), one from beginnings of which random letters were "
        "replaced by others of the same word. How many next letters are right when the beginning is true, spoilt, "
        "or the model's own?"
    ): (
        "模型学习时，前文总是正确的；生成时，前文却是它自己写的（Exposure Bias）。两个同样大小的模型学习还原单词里"
        "的元音（cnvltn：convolution），训练步数相同：一个用通常的方法（teacher forcing），另一个的前文中有些字母被"
        "随机换成同一个单词里的其他字母。前文正确、被破坏或由模型自己写出时，下一个字母有多少是对的？"
    ),
    "teacher forcing": "teacher forcing",
    "random replacement": "随机替换",
    "right after a half spoilt beginning: {}": "前文一半被破坏时的正确率：{}",
    "right after a true beginning: {}": "前文正确时的正确率：{}",
    "beginning that is read": "读到的前文",
    "next letters right, %": "下一个字母的正确率，%",
    "gold": "正确",
    "replaced": "被替换",
    "own": "自己写的",
    "% right after": "前文为……时的正确率 %",
    # gaps
    "Gibbs sampling from a masked language model": "从掩码语言模型中 Gibbs 采样",
    (
        "A small masked language model learns to fill gaps in 4,000 numbers in English words, the same as above. "
        "Then 64 chains start from a template whose blanks are masks: hide one word, draw it from what the model "
        "says of the gap, and so on, many times over. Below are some chains on their way; coloured is what is a "
        "number, by the rules of English, which nobody told the model."
    ): (
        "一个小型掩码语言模型学习填补英文数字里的空缺，数据与上面相同。然后 64 条链从一个模板开始，模板里的空缺是掩"
        "码：遮住一个词，按模型给出的分布重新抽取，如此反复。下面是其中几条链的经过；按英语的规则确实是一个数的，以"
        "颜色标出，规则没有告诉过模型。"
    ),
    "chains that end at a number": "条链的终点是一个数",
    "different numbers that it had not learned from": "个没有学过的不同的数",
    "self-BLEU: 100 were all alike": "self-BLEU（全部相同为 100）",
    "after {} sweeps": "{} 轮之后",
    # drawn
    "Images, judged by a critic that cannot be steep": "生成图像：不会太陡的判别器",
    (
        "A generator draws, a critic judges, both learn: here from scikit-learn's 1,797 digits of 8 × 8 pixels. "
        "The critic must not be steep. Gradient normalisation divides it by its own gradient and has nothing to "
        "tune; a gradient penalty asks for a gradient of length one, here with the weight that its authors take "
        "for points. On 25 Gaussians, where it is easy to see what is left out, one stands beside the other: the "
        "same networks, as many steps."
    ): (
        "生成器画，判别器评判，两者一起学习：这里用 scikit-learn 的 1,797 个 8 × 8 像素的手写数字。判别器不能太陡。"
        "梯度归一化把它除以自身的梯度，没有需要调节的权重；梯度惩罚要求梯度长度为一，这里用其作者为散点选择的权重。"
        "在 25 个高斯分布上容易看出遗漏了什么，两者并排比较：网络相同，步数相同。"
    ),
    "digits, class by class": "按类别画出的数字",
    "gradient normalisation": "梯度归一化",
    "gradient penalty": "梯度惩罚",
    "the 25 Gaussians": "25 个高斯分布",
    "modes covered by {}": "{}覆盖的峰",
    "FID of digits, by pixels": "数字的 FID（按像素）",
    "FID of other real digits": "另一些真实数字的 FID",
    "critic kept flat by": "判别器的约束",
    "modes covered": "覆盖的峰",
    "points near a mode": "峰附近的点",
    "sliced W₂": "切片 W₂",
    # reasons
    "The examples that made a prediction": "造成一个预测的样本",
    (
        "A small network learns 400 of scikit-learn's digits, five of them with a false label on purpose; its "
        "training is recorded. What it says of a new digit is then a sum over the training examples: which of them "
        "led it to its most confident mistake? And which training examples do the others contradict?"
    ): (
        "一个小网络学习 400 个手写数字，其中五个故意给了错误的标签；训练过程被记录下来。它对一个新数字的判断因此可"
        "以写成训练样本的和：哪些样本导致了它最有把握的错误？哪些训练样本与其他样本相矛盾？"
    ),
    "a mistake, explained": "一个错误的来由",
    "planted": "故意的错误",
    "false labels among the first {} suspects": "个错误标签在前 {} 个可疑样本之中",
    "is what the sum lacks of what training changed": "总和与训练造成的变化之差（相对值）",
    "of {:,} new digits right": "的新数字判断正确（共 {:,} 个）",
    "example": "样本",
    "taught as": "所给的标签",
    "the others say": "其他样本的判断",
    "Its most confident mistake, as a sum": "最有把握的错误，写成一个和",
    "Whom the others contradict": "与其他样本相矛盾的样本",
}
# fmt: on
